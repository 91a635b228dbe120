"""What `portal recover` makes of a killed update's state."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from portal.pulumi_cli import Pulumi, PulumiError
from portal.recover import RecoverError, clear_dead_lock, pending_imports, settled

ACCOUNT = "908710317728"
URN = "urn:pulumi:dev::portal::{}::one"


def pending(kind: str, operation: str = "creating", **inputs: str) -> dict[str, Any]:
    resource = {"urn": URN.format(kind), "type": kind, "custom": True, "inputs": inputs}
    return {"pending_operations": [{"type": operation, "resource": resource}]}


@pytest.mark.parametrize(
    ("kind", "inputs", "wanted"),
    [
        ("aws:s3/bucket:Bucket", {"bucket": "b"}, "b"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "n"}, "r:n"),
        ("aws:iam/policy:Policy", {"name": "p"}, f"arn:aws:iam::{ACCOUNT}:policy/p"),
        ("aws:iam/policy:Policy", {"name": "p", "path": "/x/"}, f"arn:aws:iam::{ACCOUNT}:policy/x/p"),
        (
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            {"url": "https://token.example.org"},
            f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.org",
        ),
    ],
)
def test_the_import_id_follows_from_the_inputs(kind: str, inputs: dict[str, str], wanted: str) -> None:
    assert pending_imports(pending(kind, **inputs), ACCOUNT) == [(URN.format(kind), wanted)]


def test_a_type_whose_id_aws_chooses_needs_a_person() -> None:
    with pytest.raises(RecoverError, match=r"aws:ec2/vpc:Vpc.*account 908710317728"):
        pending_imports(pending("aws:ec2/vpc:Vpc"), ACCOUNT)


@pytest.mark.parametrize("operation", ["updating", "deleting", "reading"])
def test_other_operations_are_left_to_the_refresh(operation: str) -> None:
    assert pending_imports(pending("aws:s3/bucket:Bucket", operation, bucket="b"), ACCOUNT) == []


def test_the_state_takes_a_pending_creation_for_done() -> None:
    held = {"urn": "urn:pulumi:dev::portal::aws:iam/role:Role::two", "type": "aws:iam/role:Role", "id": "two"}
    export = {"version": 3, "deployment": {"resources": [held], **pending("aws:s3/bucket:Bucket", bucket="b")}}
    after = settled(export, ACCOUNT)["deployment"]
    assert after["pending_operations"] == []
    assert [one["id"] for one in after["resources"]] == ["two", "b"]
    assert after["resources"][1]["outputs"] == {"bucket": "b"}


def test_a_pending_update_leaves_the_resource_as_it_was() -> None:
    update = pending("aws:s3/bucket:Bucket", "updating", bucket="b")
    held = {**update["pending_operations"][0]["resource"], "id": "b", "outputs": {"bucket": "b", "tags": {}}}
    after = settled({"version": 3, "deployment": {"resources": [held], **update}}, ACCOUNT)["deployment"]
    assert after["resources"] == [held]


def locked_by(host: str, pid: int) -> PulumiError:
    owner = f"root@{host} (pid {pid}) at 2026-01-01T00:00:00Z"
    text = f"error: the stack is currently locked by 1 lock(s).\n  file:///x: created by {owner}"
    return PulumiError(["pulumi", "up"], text)


def test_a_lock_of_another_machine_is_not_touched() -> None:
    with pytest.raises(
        RecoverError, match=r"locked by root@elsewhere \(pid 1\) since 2026-01-01T00:00:00Z, another machine"
    ):
        clear_dead_lock(Pulumi(stack="dev"), locked_by("elsewhere", 1))


def test_a_lock_of_a_living_process_is_not_touched() -> None:
    with pytest.raises(RecoverError, match="which is running"):
        clear_dead_lock(Pulumi(stack="dev"), locked_by(socket.gethostname(), os.getpid()))


def test_a_dead_processes_lock_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(Pulumi, "run", lambda _, *arguments: ran.append(arguments))
    assert clear_dead_lock(Pulumi(stack="dev"), locked_by(socket.gethostname(), 2**22 + 1))
    assert ran == [("cancel", "--yes")]


def test_an_error_without_a_lock_is_not_ours() -> None:
    assert not clear_dead_lock(Pulumi(stack="dev"), PulumiError(["pulumi", "up"], "error: no such bucket"))
