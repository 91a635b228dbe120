"""What `portal` and `localcloud` say when something that they need is missing: what to do about it, in one line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from localcloud import app as localcloud
from portal import app as portal
from portal import status
from portal.errors import LOCAL, LOG_IN, START_LOCAL, EngineError, user_message
from portal.pulumi_cli import Pulumi
from portal.submission.journal import FOLDER_VARIABLE
from settings import Settings

BUCKETS = ("s3://cryoet-data-portal-staging/10000", "s3://cryoet-data-portal-public/10000")
QUEUE = "queue ../dataset_configs/10000.yaml cryoetportal-rawdatasets-dev cryoet-data-portal-staging"
SUBMIT = (f"{QUEUE} --deposition 10300 --run a", "db-import", "sync", "validate 10000")
WITH_AWS = [
    ["sync", *BUCKETS],
    ["restore", BUCKETS[1], "--since", "2026-01-01T00:00Z"],
    *(["submit", *words.split()] for words in (*SUBMIT, "source-validate ../dataset_configs/10000.yaml")),
    ["watch", "x"],
    ["logs", "x"],
    ["status"],
]
WITH_ENGINE = [["status"], ["up"], ["recover", "dev"]]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no configuration, one attempt a call."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", FOLDER_VARIABLE):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine says that each stack was brought up, with nothing in it."""
    monkeypatch.setattr(Pulumi, "deployment", lambda _: {})
    monkeypatch.setattr(Pulumi, "last_update", lambda _: None)


def said(monkeypatch: pytest.MonkeyPatch, program: Any, *words: str) -> str:
    """What the command ends with; its exit status is 1."""
    monkeypatch.setattr(sys, "argv", ["portal", *words])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert isinstance(ended.value.code, str), "a text: the interpreter prints it and exits with 1"
    return ended.value.code


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("words", WITH_AWS, ids=lambda words: " ".join(words[:2]))
def test_without_credentials(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    line = said(monkeypatch, portal, *words)
    assert re.fullmatch(rf"error: .*Unable to locate credentials; {re.escape(LOG_IN)}", line), line


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("words", WITH_AWS, ids=lambda words: " ".join(words[:2]))
def test_with_an_endpoint_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    line = said(monkeypatch, portal, *words)
    assert re.fullmatch(rf'error: .*endpoint URL: "http://127.0.0.1:9/"; .*{re.escape(START_LOCAL)}', line), line


@pytest.mark.parametrize("words", WITH_ENGINE, ids=lambda words: words[0])
def test_without_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert said(monkeypatch, portal, *words) == f"error: pulumi is not on PATH: make setup, then {LOCAL}"


@pytest.mark.parametrize("command", ["up", "bootstrap"])
def test_another_project_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str) -> None:
    """As one that was written over this project's."""
    (tmp_path / "Pulumi.yaml").write_text("name: lab\nruntime: python\n")
    monkeypatch.setattr("portal.stack_files.ROOT", tmp_path)
    line = said(monkeypatch, portal, command, "dev")
    assert line == "error: Pulumi.yaml: name: 'lab': must be 'portal', under which all states are kept"


@pytest.mark.parametrize("command", ["up", "bootstrap", "encrypt-state"])
def test_a_stack_that_is_not_there_is_told_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str) -> None:
    """Before an engine, or an answer to a question, is asked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    line = said(monkeypatch, portal, command, "nowhere")
    assert line == "error: STACK: 'nowhere': must be one of dev, prod, public"


def test_a_sync_without_the_aws_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("portal.sync.Route.s3", None)
    monkeypatch.setattr("portal.sync.refuse_empty", lambda *_: None)
    assert said(monkeypatch, portal, "sync", *BUCKETS) == f"error: aws is not on PATH: make setup, then {LOCAL}"


@pytest.mark.usefixtures("deployed")
def test_status_fails_where_an_account_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"908710317728": "An error occurred (AccessDenied)"}

    def live(settings: Settings, *_: object) -> Any:
        return status.Live(buckets=[], refused=answers.get(settings.account.id, ""))

    monkeypatch.setattr(status, "_live", live)
    line = said(monkeypatch, portal, "status")
    assert line == "error: no access to 908710317728 (dev): An error occurred (AccessDenied)"


@pytest.mark.parametrize(
    ("printed", "advice"),
    [
        ("error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", LOCAL),
        ('error: unable to open state directory "file:///x": stat /x: no such file or directory', START_LOCAL),
        ("error: read: dial tcp 127.0.0.1:1: connect: connection refused", START_LOCAL),
        ("error: get credentials: failed to refresh cached credentials, no EC2 IMDS role found", LOG_IN),
    ],
)
def test_what_the_engine_lacks_is_told_in_one_line(printed: str, advice: str) -> None:
    line = user_message(EngineError("`pulumi stack export` failed", printed + "\n"))
    assert line is not None
    assert line.startswith(f"{printed}; ")
    assert line.endswith(advice)
    assert "\n" not in line


def test_the_rest_of_what_the_engine_says_is_shown() -> None:
    assert user_message(EngineError("`pulumi up` failed", "a\nb\n")) == "a\nb\nerror: `pulumi up` failed"
    assert user_message(EngineError("`x` failed", "a\nconnection refused")) == (
        f"a\nconnection refused\nerror: `x` failed; AWS_ENDPOINT_URL and the network lead there; {START_LOCAL}"
    )


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("x")

    monkeypatch.setattr("portal.commands.status.stack_files", broken)
    monkeypatch.setattr(sys, "argv", ["portal", "status"])
    with pytest.raises(KeyError):
        portal.main()


def test_a_local_cloud_that_ends_meanwhile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(localcloud, "server_or_fail", lambda _: None)

    def ended(*_: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("localcloud.server.process.ask", ended)
    line = said(monkeypatch, localcloud, "calls", "--folder", str(tmp_path))
    assert line.startswith("error: the local cloud does not answer any more (")
    assert line.endswith(": localcloud start")


@pytest.mark.parametrize("command", ["status", "env", "calls", "token --repository a/b --pull-request"])
def test_without_a_local_cloud(tmp_path: Path, command: str) -> None:
    done = CliRunner().invoke(localcloud.app, [*command.split(), "--folder", str(tmp_path)])
    assert (done.exit_code, done.stderr) == (1, f"error: no local cloud runs in {tmp_path}: localcloud start\n")
