"""A copy of a stack's state without its secrets, for previews by whoever may not decrypt them.

A state has each secret encrypted by a data key, and the data key by a key of KMS. The engine opens no state without
that key, but prints it as it stands. In the copy another text stands for each secret, encrypted by a passphrase that is
drawn for the copy. The copy is in a folder of its own, with copies of the project file, which leads to the program, and
of the stack file, without its lines about encryption. The program reads the settings from its own folder.

Rests on: the only secrets in a state are write-only inputs (decision 18). The provider compares those by their version,
so that it doesn't matter what stands for their values.
"""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from portal.pulumi_cli import Pulumi
from portal.state_key import PASSPHRASE
from settings.faults import file_of

PROJECT: Final = "Pulumi.yaml"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The engine's key for the kind of a value that JSON has not."""
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's name of the kind "secret", no secret
PLACEHOLDER: Final = "not known to previews"
ENCRYPTION: Final = re.compile(r"^(?:encryptionsalt|secretsprovider|encryptedkey):.*\n?", re.MULTILINE)
"""Lines of a stack file that say how the secrets in its stack's state are encrypted."""


def without_secrets(value: Any) -> Any:
    """A part of a state in which a placeholder, a secret too, stands for each secret."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return {SIGNATURE: SECRET, "plaintext": json.dumps(PLACEHOLDER)}
        return {key: without_secrets(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_secrets(one) for one in value]
    return value


@contextmanager
def state_copy(pulumi: Pulumi, deployment: dict[str, Any]) -> Generator[Pulumi]:
    """The stack on a copy of ``deployment``, its state; both are gone afterwards. Raises PulumiError."""
    with tempfile.TemporaryDirectory(prefix="portal-") as scratch:
        folder, backend = Path(scratch) / "project", Path(scratch) / "state"
        folder.mkdir()
        backend.mkdir()
        _copy_project(pulumi, folder)
        place = {"PULUMI_BACKEND_URL": backend.as_uri(), "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex()}
        copy = Pulumi(stack=pulumi.stack, root=folder, variables={**pulumi.variables, **place})
        copy.init(PASSPHRASE)
        if deployment.get("resources"):
            file = Path(scratch) / "state.json"
            own = {"secrets_providers": {"type": PASSPHRASE, "state": {"salt": _salt(folder / file_of(pulumi.stack))}}}
            file.write_text(json.dumps({"version": 3, "deployment": {**without_secrets(deployment), **own}}))
            copy.run("stack", "import", "--file", str(file))
        yield copy


def _salt(stack_file: Path) -> str:
    """Of the passphrase: the engine has written it into the copy of the stack file."""
    return str(yaml.safe_load(stack_file.read_text())["encryptionsalt"])


def _copy_project(pulumi: Pulumi, folder: Path) -> None:
    project = yaml.safe_load((pulumi.root / PROJECT).read_text())
    project["main"] = str(pulumi.root / project.get("main", "."))
    (folder / PROJECT).write_text(json.dumps(project))
    stack_file = file_of(pulumi.stack)
    (folder / stack_file).write_text(ENCRYPTION.sub("", (pulumi.root / stack_file).read_text()))
    (folder / ".venv").symlink_to(pulumi.root / ".venv")
