"""What an account has already of what its bootstrap makes is imported as it is."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from typing import Any

import pytest

from components import names
from tests.unit.conftest import first_up
from tests.unit.recording import Recording, record
from tests.unit.stackfiles import engine_config, own_project

ACCOUNT = "908710317728"
ISSUER = names.oidc_provider_arn(ACCOUNT, names.GITHUB_ISSUER)
BOUNDARY = names.policy_arn(ACCOUNT, names.DATA_BOUNDARY)
BUDGET = "aws:budgets/budget:Budget"
BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
GET_BLOCK = "aws:s3/getAccountPublicAccessBlock:getAccountPublicAccessBlock"
EXISTING = {
    ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", ISSUER): "clientIdLists",
    ("aws:iam/policy:Policy", BOUNDARY): "policy",
    ("aws:iam/policy:Policy", "arn:aws:iam::908710317728:policy/another-tools"): "",
    ("aws:iam/role:Role", names.GITHUB_DRIFT): "assumeRolePolicy",
    (BLOCK, ACCOUNT): "blockPublicPolicy",
    (BUDGET, f"{ACCOUNT}:{names.BUDGET}"): "limitAmount",
    (BUDGET, f"{ACCOUNT}:another-tools"): "",
}
"""Types and ids, with a setting of each that another tool may have made otherwise; empty: it is none of ours."""


@pytest.fixture
def first(monkeypatch: pytest.MonkeyPatch) -> Recording:
    """The bootstrap's first update in an account that has all that."""

    def identities(session: Any) -> Iterator[tuple[str, str]]:
        assert session == "session"
        yield from (key for key in EXISTING if "iam" in key[0])

    def budgets(session: Any, account: str) -> Iterator[tuple[str, str]]:
        assert (session, account) == ("session", ACCOUNT)
        yield from (key for key in EXISTING if key[0] == BUDGET)

    monkeypatch.setattr("composition.existing.budgets", budgets)
    monkeypatch.setattr("composition.existing.identities", identities)
    monkeypatch.setattr("composition.existing.account_session", lambda *_: "session")
    return record(
        lambda: runpy.run_path(str(own_project() / "bootstrap" / "__main__.py"), run_name="__main__"),
        stack="dev",
        config=engine_config(own_project() / "Pulumi.dev.yaml"),
        answers=first_up("dev") | {GET_BLOCK: {"accountId": ACCOUNT}},
    )


def test_what_exists_is_imported_with_its_own_settings(first: Recording) -> None:
    imported = {(one.type, one.import_id): one.ignore_changes for one in first.resources if one.import_id}
    assert imported.keys() == {key for key, setting in EXISTING.items() if setting}
    assert all(EXISTING[key] in ignored for key, ignored in imported.items())
    assert all("tags" in ignored for key, ignored in imported.items() if "iam" in key[0])


def test_the_rest_is_made(first: Recording) -> None:
    made = [one for one in first.resources if one.type.startswith("aws:") and not one.import_id]
    assert {"boundary-delegated", names.GITHUB_DEPLOY} <= {one.name for one in made}
    assert not any(one.ignore_changes for one in made)
