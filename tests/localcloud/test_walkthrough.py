"""Steps of `make up` on a server of their own; all of it together is a journey."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from components import names
from composition.bootstrap import TAG, fingerprint
from examples.walkthrough import bringup, updates
from examples.walkthrough.__main__ import app
from examples.walkthrough.dataset import Example, has_tomogram, session_of
from localcloud.server import process
from localcloud.server.timescale import VARIABLE
from portal.pulumi_cli import ROOT
from settings import load

from .conftest import ACCOUNTS, DEV

COMMAND = """
import json, os, sys, time, urllib.request
command, *_, stack = sys.argv[1:]
if command == "bootstrap":
    print(stack, "is bootstrapped")
    sys.exit(os.environ.get("REFUSED") == stack)
print(stack, "checkpoints" if "PULUMI_SKIP_CHECKPOINTS" not in os.environ else "none")
open(stack, "w").close()
while not all(map(os.path.exists, ("dev", "prod", "public"))):
    time.sleep(0.01)
asked = urllib.request.Request(os.environ["URL"], headers={"Authorization": "Bearer " + os.environ["SECRET"]})
print(json.load(urllib.request.urlopen(asked))["scale"])
sys.exit(stack == "prod")
"""
"""An `up` ends once one runs for all three stacks; that of prod fails."""
STACKS = ("dev", "prod", "public")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("walkthrough") / ".local"
    yield made
    process.stop(made)


@pytest.fixture(scope="module")
def server(folder: Path) -> process.Running:
    return process.start(folder, ACCOUNTS)[0]


def test_faults_of_the_stack_files_are_told_as_such(
    folder: Path, server: process.Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringup, "ROOT", tmp_path)
    done = CliRunner().invoke(app, ["preview", "--folder", str(folder)])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert re.search(r"error: \d+ faults? in the stack files; nothing was touched", done.output)


def test_a_source_bucket_that_is_not_there_has_no_tomogram(server: process.Running) -> None:
    release: Any = None
    one = Example(account=DEV, region="", role="", environment="", source="not-there", release=release)
    assert not has_tomogram(one, server)


@pytest.mark.parametrize(("variable", "scale"), [(None, "0.2"), ("1", "1.0")])
def test_stacks_come_up_at_once_and_wait_less(
    server: process.Running,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    scale: str,
) -> None:
    """A stack that was never up writes no checkpoints. The failed one is named, and waits are long again."""
    monkeypatch.setattr(updates, "PORTAL", (sys.executable, "-c", COMMAND))
    monkeypatch.setattr(updates, "ROOT", tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    if variable:
        monkeypatch.setenv(VARIABLE, variable)
    state = tmp_path / "state" / ".pulumi" / "history" / "portal" / "public"
    state.mkdir(parents=True)
    env = {"URL": f"{server.http_url}/_localcloud/time", "SECRET": server.control_secret}
    done = updates.bring_up(STACKS, server, tmp_path, env)
    expected = (("dev", "none", 0), ("prod", "none", 1), ("public", "checkpoints", 0))
    assert [(one.stdout, one.returncode) for one in done.values()] == [
        (f"{stack} {word}\n{scale}\n", code) for stack, word, code in expected
    ]
    assert process.ask(server, "GET", "time") == {"scale": 1.0}


PRINTED = """target: the local cloud at https://127.0.0.1:1
  dev: account 1, us-west-2, through a role
dev: account 1
  the lock of a dead run was removed
  warning: cluster: standard support of Kubernetes 1.34 ends soon
  Resources:
%s
  Duration: 1m44s
"""


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ("      + 410 created", "410 created"),
        ("      412 unchanged", "412 unchanged"),
        ("      + 2 created\n      ~ 1 updated\n      +-1 replaced\n      4 changes. 406 unchanged",
         "2 created, 1 updated, 1 replaced, 4 changes. 406 unchanged"),
    ],
)  # fmt: skip
def test_an_update_is_told_on_one_line_and_warnings_below_it(counts: str, told: str) -> None:
    first, *others = updates.summary("dev", PRINTED % counts)
    assert first == f"dev: account 1: {told} in 1m44s"
    assert [line.split()[0] for line in others] == ["the", "warning:"]


@pytest.mark.parametrize("failing", [True, False])
def test_what_an_update_printed_is_shown_if_it_failed(
    server: process.Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, failing: bool
) -> None:
    printed = PRINTED % "      + 2 created"
    done = subprocess.CompletedProcess([], int(failing), printed)
    monkeypatch.setattr(updates, "bring_up", lambda *_: {"dev": done})
    monkeypatch.setattr(updates, "bootstrapped", lambda *_: set[str]())
    with pytest.raises(bringup.BringUpError, match="up of dev failed") if failing else nullcontext():
        bringup.bring_stacks_up(server, Path(), {})
    assert ("target: " in capsys.readouterr().out) is failing


def test_a_stack_whose_account_is_not_bootstrapped_is_not_brought_up(
    server: process.Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "PORTAL", (sys.executable, "-c", COMMAND))
    monkeypatch.setattr(updates, "ROOT", tmp_path)
    done = updates.bring_up(("dev",), server, tmp_path, {"REFUSED": "dev"})["dev"]
    assert (done.returncode, done.stdout) == (1, "dev is bootstrapped\n")


def test_an_account_that_needs_no_bootstrap_has_none(
    server: process.Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "PORTAL", (sys.executable, "-c", COMMAND))
    monkeypatch.setattr(updates, "ROOT", tmp_path)
    for other in ("prod", "public"):
        (tmp_path / other).touch()
    env = {"REFUSED": "dev", "URL": f"{server.http_url}/_localcloud/time", "SECRET": server.control_secret}
    done = updates.bring_up(("dev",), server, tmp_path, env, {"dev"})["dev"]
    assert (done.returncode, done.stdout.split()[0]) == (0, "dev")


def test_an_account_is_bootstrapped_again_where_its_settings_are_others(server: process.Running) -> None:
    portal = load("dev", ROOT)
    account = portal.current.account
    given = session_of(server, account.region, names.role_arn(account.id, account.role), "test")
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], account.region)
    iam: Any = session.client("iam", endpoint_url=server.https_url, verify=server.ca_bundle)
    assert updates.bootstrapped(["dev"], server) == set()
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    made = iam.create_policy(PolicyName=names.DATA_BOUNDARY, PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    assert updates.bootstrapped(["dev"], server) == set()
    for value, expected in (("of other settings", set[str]()), (fingerprint(portal), {"dev"})):
        iam.tag_policy(PolicyArn=made, Tags=[{"Key": TAG, "Value": value}])
        assert updates.bootstrapped(["dev"], server) == expected
    iam.delete_policy(PolicyArn=made)
