"""By what the secrets in a stack's state are encrypted: what is refused, and who may use the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.errors import PortalError
from portal.recovery import Place
from portal.state_key import key_policy, key_provider, provider_of, refuse_empty_passphrase

A, ENGINEERS = "111122223333", "999988887777"


@pytest.mark.parametrize("env", [{"PULUMI_CONFIG_PASSPHRASE": ""}, {"PULUMI_CONFIG_PASSPHRASE_FILE": "empty"}])
def test_an_empty_passphrase_is_refused(env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").write_text("\n")
    with pytest.raises(PortalError, match=r"^dev: the passphrase is empty, .*portal encrypt-state dev .*passphrase"):
        refuse_empty_passphrase("dev", "passphrase", env)
    refuse_empty_passphrase("dev", "cloud", env)


def test_other_passphrases_are_the_engines_to_judge(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("secret\n")
    file = {"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "file")}
    for env in ({}, {"PULUMI_CONFIG_PASSPHRASE": "secret"}, file):
        refuse_empty_passphrase("dev", "passphrase", env)
    with pytest.raises(PortalError):  # the variable wins over the file, as it does for the engine
        refuse_empty_passphrase("dev", "passphrase", {**file, "PULUMI_CONFIG_PASSPHRASE": ""})


@pytest.mark.parametrize(
    ("lines", "provider"),
    [
        ("", None),
        ("encryptionsalt: v1:x\n", "passphrase"),
        ("secretsprovider: awskms://alias/x\nencryptedkey: eA==\n", "awskms://alias/x"),
        ("secretsprovider: passphrase\nencryptionsalt: v1:x\n", "passphrase"),
    ],
)
def test_the_stack_file_names_the_provider(lines: str, provider: str | None, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(f"config: {{}}\n{lines}")
    assert provider_of(file) == provider


def test_the_key_is_named_in_its_account() -> None:
    place = Place(account=A, region="us-west-2", role="")
    arn = f"arn:aws:kms:us-west-2:{A}:alias/cryoet-pulumi-state"
    assert key_provider(place) == f"awskms:///{arn}?region=us-west-2"


def test_the_key_policy_says_who_may_use_the_key() -> None:
    owner, github, engineers = key_policy(A, [ENGINEERS, A])["Statement"]
    assert (owner["Principal"], owner["Action"]) == ({"AWS": f"arn:aws:iam::{A}:root"}, ["kms:*"])
    assert github["Action"] == ["kms:Decrypt"]
    assert github["Condition"] == {
        "StringEquals": {"aws:PrincipalAccount": A},
        "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/cryoet-github-deploy"},
    }
    assert engineers["Principal"] == {"AWS": [f"arn:aws:iam::{ENGINEERS}:root"]}
    assert engineers["Action"] == ["kms:Decrypt", "kms:Encrypt"]
    assert len(key_policy(A, [A])["Statement"]) == 2
