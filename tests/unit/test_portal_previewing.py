"""Previews on a copy of the state: what the copy has, and what counts as a step. The engine is a script."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from portal import previewing
from portal.errors import PortalError
from portal.previewing import Step
from portal.pulumi_cli import STACK_NOT_FOUND, Pulumi
from portal.state_copy import SECRET, SIGNATURE, without_secrets

ACCOUNT = "908710317728"
BUCKET = "aws:s3/bucket:Bucket"
URN = f"urn:pulumi:dev::portal::{BUCKET}::a"
CIPHERTEXT = {SIGNATURE: SECRET, "ciphertext": "v1:x:y"}
REFERENCE = {SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "id": "x", "urn": "y"}
STATE: dict[str, Any] = {
    "manifest": {"time": "2026-12-07T00:00:00Z", "magic": "", "version": ""},
    "secrets_providers": {"type": "cloud", "state": {"url": "awskms:///key", "encryptedkey": "k"}},
    "resources": [
        {"urn": URN, "type": BUCKET, "inputs": {"secretStringWo": CIPHERTEXT, "other": [CIPHERTEXT, REFERENCE]}}
    ],
    "pending_operations": [
        {"type": "creating", "resource": {"urn": URN, "type": BUCKET, "outputs": {"deep": {"er": CIPHERTEXT}}}}
    ],
}
STACK_FILE = "secretsprovider: awskms:///key\nencryptedkey: k\nconfig:\n  portal:settings: {}\n"
ENGINE = """#!{python}
import json, os, pathlib, shutil, sys
here = pathlib.Path(__file__).parent
words = sys.argv[1:]
calls = here / "calls"
seen = {{"words": words, "folder": os.getcwd(), "backend": os.environ.get("PULUMI_BACKEND_URL")}}
seen["files"] = {{one.name: one.read_text() for one in pathlib.Path().glob("Pulumi*") if one.is_file()}}
if words[:2] == ["stack", "init"]:
    with open("Pulumi.dev.yaml", "a") as file:
        file.write("encryptionsalt: v1:salt\\n")
if words[:2] == ["stack", "import"]:
    seen["imported"] = json.loads(pathlib.Path(words[words.index("--file") + 1]).read_text())
calls.write_text((calls.read_text() if calls.exists() else "") + json.dumps(seen) + "\\n")
if words[:2] == ["stack", "export"]:
    if not (here / "state").exists():
        sys.exit({not_found})
    print((here / "state").read_text())
if "--event-log" in words:
    shutil.copy(here / "events", words[words.index("--event-log") + 1])
    print("Previewing", words[0])
"""


class Fake:
    """A project whose engine records what it is asked, and in which folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.project = folder, folder / "project"
        self.project.mkdir()
        (self.project / "Pulumi.yaml").write_text(
            "name: portal\nruntime: {name: python, options: {virtualenv: .venv}}\n"
        )
        (self.project / "Pulumi.dev.yaml").write_text(STACK_FILE)
        engine = folder / "pulumi"
        engine.write_text(ENGINE.format(python=sys.executable, not_found=STACK_NOT_FOUND))
        engine.chmod(engine.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder), prepend=":")
        monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
        self.state(STATE)
        self.events()

    @property
    def pulumi(self) -> Pulumi:
        return Pulumi(stack="dev", root=self.project)

    def state(self, deployment: dict[str, Any] | None) -> None:
        (self.folder / "state").write_text(json.dumps({"version": 3, "deployment": deployment}))

    def events(self, *events: dict[str, Any]) -> None:
        (self.folder / "events").write_text("".join(json.dumps(one) + "\n" for one in events))

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    return Fake(tmp_path, monkeypatch)


def event(kind: str, operation: str, type_: str = BUCKET, **more: Any) -> dict[str, Any]:
    return {kind: {"metadata": {"op": operation, "type": type_, "urn": f"urn::{operation}", **more}, "planning": True}}


def test_each_secret_is_replaced_and_nothing_else() -> None:
    placeholder = without_secrets(CIPHERTEXT)
    assert placeholder.keys() == {SIGNATURE, "plaintext"}
    assert isinstance(json.loads(placeholder["plaintext"]), str)
    copied = without_secrets(STATE)
    assert "ciphertext" not in json.dumps(copied)
    assert copied["resources"][0]["inputs"] == {"secretStringWo": placeholder, "other": [placeholder, REFERENCE]}
    assert copied["pending_operations"][0]["resource"]["outputs"] == {"deep": {"er": placeholder}}
    assert copied["manifest"] == STATE["manifest"]


def test_a_preview_runs_on_a_copy_and_leaves_nothing(fake: Fake) -> None:
    previewing.preview(fake.pulumi, ACCOUNT)
    export, *others = fake.calls()
    assert (export["words"][:2], export["backend"]) == (["stack", "export"], "s3://states")
    assert [one["words"][0] for one in others] == ["stack", "stack", "preview"]
    [backend], [folder] = {one["backend"] for one in others}, {one["folder"] for one in others}
    assert backend.startswith("file:///")
    assert folder != str(fake.project)
    assert not Path(folder).exists()
    imported = others[1]["imported"]["deployment"]
    assert imported["secrets_providers"] == {"type": "passphrase", "state": {"salt": "v1:salt"}}
    assert imported["resources"] == without_secrets(STATE["resources"])
    files = others[-1]["files"]
    assert files["Pulumi.dev.yaml"] == "config:\n  portal:settings: {}\nencryptionsalt: v1:salt\n"
    assert json.loads(files["Pulumi.yaml"])["main"] == str(fake.project)
    assert (fake.project / "Pulumi.dev.yaml").read_text() == STACK_FILE


def test_a_preview_returns_what_would_change(fake: Fake) -> None:
    paths = {"corsRules[0]": {"diffKind": "add"}}
    fake.events(
        event("resourcePreEvent", "same"),
        event("resourcePreEvent", "update", detailedDiff=paths),
        event("resOutputsEvent", "update", detailedDiff=paths),
        event("resourcePreEvent", "create", detailedDiff=None),
        {"summaryEvent": {}},
    )
    assert previewing.preview(fake.pulumi, ACCOUNT) == [
        Step(operation="update", urn="urn::update", type=BUCKET, properties=("corsRules[0]",)),
        Step(operation="create", urn="urn::create", type=BUCKET, properties=()),
    ]


def test_drift_is_what_was_read_otherwise_or_is_gone(fake: Fake) -> None:
    fake.events(
        event("resourcePreEvent", "refresh"),
        event("resOutputsEvent", "update", detailedDiff=None),
        event("resOutputsEvent", "update", detailedDiff={"description": {"diffKind": "update"}}),
        event("resOutputsEvent", "delete"),
        event("resOutputsEvent", "same"),
    )
    assert [one.operation for one in previewing.drift(fake.pulumi, ACCOUNT)] == ["update", "delete"]
    words = fake.calls()[-1]["words"]
    assert words[:3] == ["refresh", "--preview-only", "--run-program"]


def test_a_stack_that_is_not_there_yet_has_everything_made_and_no_drift(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    (fake.folder / "state").unlink()
    previewing.preview(fake.pulumi, ACCOUNT)
    assert [one["words"][:2] for one in fake.calls()][:3] == [
        ["stack", "export"],
        ["stack", "init"],
        ["preview", "--diff"],
    ]
    assert "dev: the backend has no such stack yet" in capsys.readouterr().out
    with pytest.raises(PortalError, match="dev: was never brought up"):
        previewing.drift(fake.pulumi, ACCOUNT)


@pytest.mark.parametrize("look", [previewing.preview, previewing.drift])
def test_a_foreign_state_is_refused_before_the_engine_opens_it(fake: Fake, look: Any) -> None:
    command = "pulumi:providers:command"
    fake.state({**STATE, "resources": [{"urn": f"urn:pulumi:dev::portal::{command}::x", "type": command}]})
    with pytest.raises(PortalError, match="is a provider that the program does not make"):
        look(fake.pulumi, ACCOUNT)
    assert [one["words"][:2] for one in fake.calls()] == [["stack", "export"]]
