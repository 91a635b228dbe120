"""A secret in a stack's state, with the real engine: nowhere in the clear, and nobody reads it without the key."""

from __future__ import annotations

from pathlib import Path

from components import names
from tests.journey.conftest import PUBLIC, Cloud, Project

SECRET = "correct horse battery staple"
PROGRAM = f"""
import pulumi
pulumi.export("password", pulumi.Output.secret("{SECRET}"))
"""


def in_the_clear(folder: Path) -> list[str]:
    """Files that have the secret in them."""
    return [file.name for file in folder.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]


def test_a_secret_is_read_with_its_key_alone(project: Project, cloud: Cloud) -> None:
    program = project.folder / "__main__.py"
    program.unlink()
    program.write_text(PROGRAM)
    state = project.folder.parent / "state"
    project.pulumi("public", "stack", "change-secrets-provider", "passphrase")
    printed = project.up("public")
    assert SECRET not in printed
    assert in_the_clear(state) == []
    show = ("stack", "output", "--show-secrets", "password")
    empty = {"PULUMI_CONFIG_PASSPHRASE": ""}
    assert project.pulumi("public", *show).strip() == SECRET
    refused = project.refused("public", *show, env=empty)
    assert "incorrect passphrase" in refused.stderr
    assert SECRET not in refused.stdout

    done = project.run("portal", "encrypt-state", "public", env={"PORTAL_PROJECT": str(project.folder)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.pulumi("public", *show, env=empty).strip() == SECRET
    project.pulumi("public", "preview", "--expect-no-changes", env=empty)
    assert "encryptionsalt" not in (project.folder / "Pulumi.public.yaml").read_text()
    cloud.client("kms", PUBLIC).disable_key(KeyId=key(cloud))
    refused = project.refused("public", *show)
    assert "DisabledException" in refused.stderr
    assert SECRET not in refused.stdout
    assert in_the_clear(state) == []


def key(cloud: Cloud) -> str:
    kms = cloud.client("kms", PUBLIC)
    return str(kms.describe_key(KeyId=names.STATE_KEY)["KeyMetadata"]["KeyId"])
