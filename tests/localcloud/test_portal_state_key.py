"""The key that encrypts the secrets in a stack's state: who makes it, and who may use it. Its engine is a script that
only records what it is asked; accounts and keys are the local cloud's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components import names
from tests.localcloud.clouds import MANAGEMENT_ACCOUNT
from tests.localcloud.conftest import DEV, PROD, PUBLIC, REGION, Cloud
from tests.localcloud.policies import document, refusal
from tests.localcloud.test_portal_up import Up

ARN = f"arn:aws:kms:{REGION}:{DEV}:{names.STATE_KEY}"
PROVIDER = f"awskms:///{ARN}?region={REGION}"
SALT = "encryptionsalt: v1:x\n"
ACCOUNTS_OF_STACKS = {"dev": DEV, "public": PUBLIC, "prod": PROD}
DENIED = ("AccessDeniedException", 400)


@pytest.fixture
def up(cloud: Cloud, tmp_path: Path) -> Iterator[Up]:
    """No key to begin with, nor afterwards."""
    assert keys(cloud) == []
    yield Up(cloud, tmp_path)
    if keys(cloud):
        cloud.client("kms").delete_alias(AliasName=names.STATE_KEY)


def without_stack(up: Up) -> None:
    """The engine knows of no stack."""
    (up.folder / "state").unlink()


def asked_for_secrets(up: Up) -> list[str]:
    """What the engine was asked that says how secrets are encrypted, without the options that all commands have."""
    lines = (up.folder / "asked").read_text().splitlines()
    return [line.partition(" --stack ")[0] for line in lines if "secrets-provider" in line]


def encrypt_state(up: Up, stack: str = "dev", *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal", "encrypt-state", stack, *options]
    return subprocess.run(command, env=up.env, capture_output=True, text=True, check=False)


def keys(cloud: Cloud) -> list[str]:
    """The account's keys for states."""
    aliases = cloud.client("kms").list_aliases()["Aliases"]
    return [row["TargetKeyId"] for row in aliases if row["AliasName"] == names.STATE_KEY]


def test_a_new_stack_gets_a_key_of_its_account(up: Up, cloud: Cloud) -> None:
    without_stack(up)
    first = up.run("--yes")
    without_stack(up)
    done = up.run("--yes")
    assert (first.returncode, done.returncode) == (0, 0), first.stderr + done.stderr
    assert f"secrets in its state: {PROVIDER}\n" in done.stdout
    assert asked_for_secrets(up) == [f"stack init --no-select --secrets-provider={PROVIDER}"] * 2
    [key] = keys(cloud)
    kms = cloud.client("kms")
    assert kms.describe_key(KeyId=ARN)["KeyMetadata"]["KeyId"] == key
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


def test_a_new_stack_keeps_to_the_provider_of_its_file(up: Up, cloud: Cloud) -> None:
    without_stack(up)
    with (up.folder / "Pulumi.dev.yaml").open("a") as file:
        file.write(SALT)
    up.env["PULUMI_CONFIG_PASSPHRASE"] = "of the team"
    assert up.run("--yes").returncode == 0
    assert asked_for_secrets(up) == ["stack init --no-select --secrets-provider=passphrase"]
    assert keys(cloud) == []


def test_an_empty_passphrase_is_refused_before_a_stack_is_made(up: Up) -> None:
    without_stack(up)
    with (up.folder / "Pulumi.dev.yaml").open("a") as file:
        file.write(SALT)
    up.env["PULUMI_CONFIG_PASSPHRASE"] = ""
    done = up.run("--yes")
    assert (done.returncode, up.asked()) == (1, ["stack export"])
    assert done.stderr.startswith("error: dev: the passphrase is empty, ")


def test_a_state_that_an_empty_passphrase_opens_is_refused(up: Up, cloud: Cloud) -> None:
    provider = {"type": "passphrase", "state": {"salt": "v1:x"}}
    state = {"version": 3, "deployment": {"resources": [], "secrets_providers": provider}}
    (up.folder / "state").write_text(json.dumps(state))
    up.env["PULUMI_CONFIG_PASSPHRASE"] = ""
    done = up.run("--yes")
    assert (done.returncode, up.asked()) == (1, ["stack export"])
    assert "portal encrypt-state dev encrypts them by a KMS key of the account" in done.stderr
    assert keys(cloud) == []
    assert encrypt_state(up).returncode == 0
    assert asked_for_secrets(up) == [f"stack change-secrets-provider {PROVIDER}"]
    assert len(keys(cloud)) == 1


def engineers(up: Up, *accounts: str) -> None:
    """Whose people bring stacks up, in the project's file."""
    file = up.folder / "portal.yaml"
    lines = file.read_text().splitlines()
    kept = [line for line in lines if not line.startswith("engineers:")]
    file.write_text("\n".join([*kept, f"engineers: {json.dumps(accounts)}", ""]))


def admitted(cloud: Cloud) -> object:
    text = cloud.client("kms").get_key_policy(KeyId=keys(cloud)[0], PolicyName="default")["Policy"]
    return next(one["Principal"]["AWS"] for one in json.loads(text)["Statement"] if one["Sid"] == "Engineers")


def test_the_keys_policy_follows_the_accounts_of_the_engineers(up: Up, cloud: Cloud) -> None:
    ours, theirs = (f"arn:aws:iam::{one}:root" for one in (MANAGEMENT_ACCOUNT, PUBLIC))
    engineers(up, MANAGEMENT_ACCOUNT, PUBLIC)
    assert encrypt_state(up).returncode == 0
    assert admitted(cloud) == [theirs, ours]
    engineers(up, MANAGEMENT_ACCOUNT)
    done = encrypt_state(up)
    assert done.returncode == 1
    assert f"the key {names.STATE_KEY} of {DEV}: its policy loses Engineers (of " in done.stdout
    assert "error: --yes: must be given where no terminal is there to ask: Set the policy of " in done.stderr
    assert admitted(cloud) == [theirs, ours]
    state = {"version": 3, "deployment": {"resources": [], "secrets_providers": {"state": {"url": PROVIDER}}}}
    (up.folder / "state").write_text(json.dumps(state))
    assert up.run("--yes").returncode == 0
    assert admitted(cloud) == [ours]


def test_who_would_be_kept_out_of_the_states_makes_no_key(up: Up, cloud: Cloud) -> None:
    engineers(up, PUBLIC)
    done = encrypt_state(up)
    assert done.returncode == 1
    assert f"error: portal.yaml: engineers: {PUBLIC}: must have {MANAGEMENT_ACCOUNT}, the account of the" in done.stderr
    assert keys(cloud) == []


def test_engineers_of_another_account_use_the_key_and_others_do_not(up: Up, cloud: Cloud) -> None:
    assert encrypt_state(up).returncode == 0
    engineer = cloud.engineer("kms")
    sealed = engineer.encrypt(KeyId=ARN, Plaintext=b"data key")["CiphertextBlob"]
    assert engineer.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"data key"
    stranger = cloud.client("kms", account=PUBLIC)
    assert refusal(stranger.decrypt, CiphertextBlob=sealed) == DENIED
    assert refusal(engineer.describe_key, KeyId=ARN) == DENIED


@pytest.mark.parametrize("stack", ACCOUNTS_OF_STACKS)
def test_of_githubs_roles_that_which_deploys_reads_secrets(up: Up, cloud: Cloud, stack: str) -> None:
    """Previews and the search for drift work without."""
    account = ACCOUNTS_OF_STACKS[stack]
    assert encrypt_state(up, stack).returncode == 0
    arn = f"arn:aws:kms:{REGION}:{account}:{names.STATE_KEY}"
    own = cloud.client("kms", account=account)
    sealed = own.encrypt(KeyId=arn, Plaintext=b"data key")["CiphertextBlob"]
    iam, engineers = cloud.client("iam", account=account), {"AWS": MANAGEMENT_ACCOUNT}
    trust = document({"Effect": "Allow", "Principal": engineers, "Action": "sts:AssumeRole"})
    opens = {names.GITHUB_DEPLOY: True, names.GITHUB_PREVIEW: False, names.GITHUB_DRIFT: False}
    for role, reads in {**opens, cloud.name("cryoet"): False}.items():
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        kms = cloud.client_of(cloud.session(account, role=role), "kms")
        if reads:
            assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"data key"
        else:
            assert refusal(kms.decrypt, CiphertextBlob=sealed) == DENIED
        assert refusal(kms.encrypt, KeyId=arn, Plaintext=b"another") == DENIED
        iam.delete_role(RoleName=role)
    own.delete_alias(AliasName=names.STATE_KEY)
