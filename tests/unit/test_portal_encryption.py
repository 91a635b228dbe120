"""Before passwords stand in a state in AWS, it must be encrypted with something that not everybody has."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.encryption import refuse_open_secrets
from portal.errors import PortalError
from settings import load
from tests.unit.stackfiles import ROOT, changed, written

AWS, LOCAL = "https://sts.us-west-2.amazonaws.com", "https://127.0.0.1:4566"


@pytest.fixture(autouse=True)
def empty_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")


def test_the_empty_passphrase_is_refused_in_aws_where_there_are_passwords() -> None:
    with pytest.raises(PortalError, match=r"of the databases of prod .* change-secrets-provider -s prod"):
        refuse_open_secrets(load("prod", ROOT), AWS)


def test_it_is_enough_for_the_local_cloud_and_without_passwords() -> None:
    refuse_open_secrets(load("prod", ROOT), LOCAL)
    refuse_open_secrets(load("public", ROOT), AWS)


def test_a_passphrase_or_a_key_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = written(changed(lambda _: None), tmp_path)
    file = directory / "Pulumi.prod.yaml"
    file.write_text(f"{file.read_text()}\nsecretsprovider: awskms://alias/state?region=us-west-2\nencryptedkey: a2V5\n")
    refuse_open_secrets(load("prod", directory), AWS)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "hidden")
    refuse_open_secrets(load("prod", ROOT), AWS)
