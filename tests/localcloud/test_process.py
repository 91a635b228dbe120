"""The server as a process: started once, found again, ended without a trace; and its command line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import psutil
import pytest
from joserfc import jwt
from typer.testing import CliRunner

from localcloud.app import accounts_of_stacks, app
from localcloud.server import process
from localcloud.server.client_variables import UNSET, environment
from localcloud.server.cloud import Folder
from localcloud.server.configuration import FILE
from localcloud.server.oidc import load_key
from settings import load
from tests.unit.stackfiles import ROOT

from .batch_steps import World, until
from .conftest import ACCOUNTS, DEV, Cloud
from .thread_signals import to_another_thread

RUNNER = CliRunner()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("process") / ".local"
    yield made
    process.stop(made)


@pytest.fixture(scope="module")
def server(folder: Path) -> process.Running:
    return process.start(folder, ACCOUNTS)[0]


def run(folder: Path, *arguments: str) -> str:
    done = RUNNER.invoke(app, [*arguments, "--folder", str(folder)])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_second_start_finds_the_first(folder: Path, server: process.Running) -> None:
    assert process.start(folder, ACCOUNTS) == (server, False)
    with pytest.raises(process.ProcessError, match="runs already: stop it first"):
        process.start(folder, [DEV])


def test_the_printed_environment_is_enough_for_a_client(
    folder: Path, server: process.Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the engineer, and by profiles, named by an option or by AWS_PROFILE, in each stack's account; whatever the
    caller's own variables say."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert "runs already" in run(folder, "start")
    lines = run(folder, "env").splitlines()
    assert lines[0].split()[1:] == [*UNSET, "AWS_ENDPOINT_URL_STS"]
    script = [*lines, f"{sys.executable} -c 'import os, json; print(json.dumps(dict(os.environ)))'"]
    printed = subprocess.run(["bash", "-c", "\n".join(script)], capture_output=True, text=True, check=True)
    told = json.loads(printed.stdout)
    expected = environment(server, folder)
    assert {name: told[name] for name in expected} == expected
    code = """
import boto3, os
def who(**session): return boto3.Session(**session).client("sts").get_caller_identity()
print(who()["Arn"], *(who(profile_name=name)["Account"] for name in ("dev", "public", "prod")))
os.environ["AWS_PROFILE"] = "prod"
print(who()["Arn"].partition("/")[0], boto3.Session().region_name)
"""
    done = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=True)
    accounts = [stack.account.id for stack in map(load("dev", ROOT).stacks.get, ("dev", "public", "prod")) if stack]
    assert done.stdout.splitlines() == [
        f"arn:aws:iam::999988887777:user/engineer {' '.join(accounts)}",
        f"arn:aws:sts::{accounts[2]}:assumed-role us-west-2",
    ]
    modes = {name: Path(told[name]).stat().st_mode & 0o777 for name in expected if name.endswith("_FILE")}
    assert modes == {"AWS_CONFIG_FILE": 0o600, "AWS_SHARED_CREDENTIALS_FILE": 0o600}


def test_a_command_runs_in_that_environment_and_its_exit_status_is_kept(server: process.Running, folder: Path) -> None:
    run(folder, "start")  # writes the engineer's keys
    code = "import boto3, sys; print(boto3.client('sts').get_caller_identity()['Arn']); sys.exit(3)"
    variables = {**os.environ, "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"}
    ask = partial(subprocess.run, env=variables, capture_output=True, text=True, check=False)
    command = [sys.executable, "-m", "localcloud", "exec", "--folder", str(folder), "--"]
    done = ask([*command, sys.executable, "-c", code])
    assert (done.returncode, done.stdout.strip()) == (3, "arn:aws:iam::999988887777:user/engineer"), done.stderr
    done = ask([*command, "no-such-program"])
    assert (done.returncode, done.stderr.strip()) == (1, "error: no-such-program: No such file or directory")


def test_status_and_calls_show_what_happened(folder: Path, server: process.Running) -> None:
    session = boto3.Session(server.access_key_id, server.secret_access_key, region_name="us-west-2")
    sts = session.client("sts", endpoint_url=server.http_url)
    arn = f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
    sts.assume_role(RoleArn=arn, RoleSessionName="calls")
    assert f"{DEV}: 0 buckets with 0 objects, 1 roles" in run(folder, "status")
    assert f"200 sts AssumeRole by arn:aws:iam::999988887777:user/engineer: sts:AssumeRole on {arn}" in run(
        folder, "calls"
    )


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        (("--environment", "prod"), "repo:owner/name:environment:prod"),
        (("--pull-request",), "repo:owner/name:pull_request"),
        (("--branch", "main"), "repo:owner/name:ref:refs/heads/main"),
    ],
)
def test_a_token_is_minted(folder: Path, server: process.Running, options: tuple[str, ...], subject: str) -> None:
    text = run(folder, "token", "--repository", "owner/name", *options).strip()
    claims = jwt.decode(text, load_key(folder / "tls" / "issuer.pem"), algorithms=["RS256"]).claims
    assert claims["sub"] == subject


def test_stop_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".local"
    server, started = process.start(folder, [DEV])
    assert started
    assert process.stop(folder)
    assert not alive(server.pid)
    assert list(tmp_path.iterdir()) == []
    assert not process.stop(folder)


def test_a_signal_ends_a_server_whichever_thread_it_is_given_to(tmp_path: Path) -> None:
    server, _ = process.start(tmp_path / ".local", [DEV])
    to_another_thread(server.pid, signal.SIGTERM)
    until(lambda: not (tmp_path / ".local" / "server.json").exists())
    assert not process.stop(tmp_path / ".local")


def test_accounts_of_a_killed_server_are_forgotten_by_the_next_start(tmp_path: Path) -> None:
    """The engine's state would say that everything is there, the record of batches that every run was started."""
    folder = tmp_path / ".local"
    killed, _ = process.start(folder, [DEV])
    for name in ("state/.pulumi/stacks/portal/dev.json", "batches/make-up.jsonl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    os.kill(killed.pid, signal.SIGKILL)
    until(lambda: not process.running(folder))
    told = run(folder, "start", "--account", DEV).replace("\n", " ")
    assert f"the accounts in {folder} ended with their server; their state was removed" in told
    assert [*(folder / "state").rglob("*")] == []
    assert not (folder / "batches").exists()
    (folder / "state" / "more").write_text("{}")
    assert "ended with their server" not in run(folder, "start", "--account", DEV)
    assert (folder / "state" / "more").exists(), "the server lives: its accounts are as the state says"
    process.stop(folder)


def arguments(one: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return one.cmdline()
    return []


def sleeping(seconds: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if seconds in arguments(one)]


@dataclass(kw_only=True)
class Busy:
    """A server with a job that runs: two programs that sleep, one of them without the job's environment."""

    folder: Path
    server: process.Running
    seconds: str

    @classmethod
    def start(cls, folder: Path) -> Busy:
        server, _ = process.start(folder, [DEV], configuration=folder.parent / FILE)
        seconds = f"3600.{server.pid}"
        busy = cls(folder=folder, server=server, seconds=seconds)
        world = World(busy._cloud())
        job = world.submit(world.queue(), "sh", "-c", f"sleep {seconds} & env -i sleep {seconds}")
        world.until_status(job, "RUNNING")
        until(lambda: len(sleeping(seconds)) == 2)
        return busy

    def _cloud(self) -> Cloud:
        described: Any = SimpleNamespace(
            http_url=self.server.http_url,
            https_url=self.server.https_url,
            tls=SimpleNamespace(authority=self.server.ca_bundle),
            credentials=self.server,
        )
        return Cloud(described, Folder(self.folder))

    def left(self) -> list[str]:
        """What is there yet: processes, port, the directories of the jobs."""
        with socket.socket() as probe:
            port = int(self.server.http_url.rpartition(":")[2])
            listens = ["port"] if probe.connect_ex(("127.0.0.1", port)) == 0 else []
        directories = [str(one) for one in Path(self.server.scratch).glob("jobs/*")]
        return [*(str(one) for one in sleeping(self.seconds)), *listens, *directories]


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Busy]:
    (tmp_path / FILE).write_text('[[images]]\nimage = "docker.io/library/busybox:*"\n')
    made = Busy.start(tmp_path / ".local")
    assert len(made.left()) == 4
    yield made
    process.stop(made.folder)


def test_stop_leaves_nothing_of_a_job_that_runs(busy: Busy) -> None:
    assert process.stop(busy.folder)
    assert (busy.left(), busy.folder.exists(), alive(busy.server.pid)) == ([], False, False)


def test_stop_leaves_nothing_of_a_server_that_was_killed(busy: Busy) -> None:
    os.kill(busy.server.pid, signal.SIGKILL)
    until(lambda: not process.running(busy.folder))
    until(lambda: not busy.left() and not Path(busy.server.scratch).exists())  # its guard does it
    assert not process.stop(busy.folder), "none was ended: it was gone"
    assert (busy.left(), busy.folder.exists()) == ([], False)


def test_start_leaves_nothing_of_a_server_that_was_killed_with_its_guard(busy: Busy) -> None:
    guards = [one for one in psutil.process_iter() if busy.server.children_mark in arguments(one)]
    assert len(guards) == 1
    guards[0].kill()
    os.kill(busy.server.pid, signal.SIGKILL)
    until(lambda: not process.running(busy.folder))
    server, started = process.start(busy.folder, [DEV])
    assert started
    assert server.pid != busy.server.pid
    assert sleeping(busy.seconds) == []
    assert not Path(busy.server.scratch).exists()


def test_a_server_that_does_not_answer_is_ended_and_not_taken_for_a_dead_one(
    busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(process, "STOP_SECONDS", 1.0)
    os.kill(busy.server.pid, signal.SIGSTOP)
    while psutil.Process(busy.server.pid).status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)
    with pytest.raises(process.ProcessError, match=rf"process {busy.server.pid} does not answer: localcloud stop ends"):
        process.start(busy.folder, [DEV])
    assert process.stop(busy.folder)
    assert (busy.left(), busy.folder.exists(), alive(busy.server.pid)) == ([], False, False)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(process.ProcessError, match=f"a port is taken: HTTPS {port}"):
            process.start(tmp_path / ".local", [DEV], https_port=port)


def test_a_bad_account_is_named(tmp_path: Path) -> None:
    with pytest.raises(process.ProcessError, match="account id '12': twelve digits are needed"):
        process.start(tmp_path / ".local", ["12"])


def test_a_server_that_died_is_not_taken_for_a_living_one(tmp_path: Path) -> None:
    description = {
        "pid": os.getpid(),
        "https_url": "https://127.0.0.1:1",
        "http_url": "http://127.0.0.1:1",
        "ca_bundle": "",
        "accounts": [DEV],
        "access_key_id": "",
        "secret_access_key": "",
        "scratch": "",
    }
    (tmp_path / "server.json").write_text(json.dumps(description))
    assert process.running(tmp_path) is None
    done = RUNNER.invoke(app, ["status", "--folder", str(tmp_path)])
    assert done.exit_code == 1
    assert "no local cloud runs" in done.output


def test_the_accounts_are_those_of_the_stack_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no Pulumi\.\*\.yaml"):
        accounts_of_stacks(tmp_path)
    budget = "{monthly_usd: 1, notify: [somebody@example.org]}"
    rest = f"region: us-west-2, block_public_access: true, budget: {budget}"
    for name, account in (("a", DEV), ("b", DEV), ("c.d", ACCOUNTS[1])):
        text = f'config:\n  portal:settings:\n    account: {{id: "{account}", {rest}}}\n'
        (tmp_path / f"Pulumi.{name}.yaml").write_text(text)
    assert {stack: one.id for stack, one in accounts_of_stacks(tmp_path).items()} == {
        "a": DEV,
        "b": DEV,
        "c.d": ACCOUNTS[1],
    }
    (tmp_path / "Pulumi.d.yaml").write_text("config: {}\n")
    with pytest.raises(ValueError, match=r"Pulumi\.d\.yaml: config → portal:settings → account is missing"):
        accounts_of_stacks(tmp_path)
    (tmp_path / "Pulumi.d.yaml").write_text("config: {'portal:settings': {account: {id: 1, " + rest + "}}}\n")
    with pytest.raises(ValueError, match=r"Pulumi\.d\.yaml: config → portal:settings → account → id: .* string"):
        accounts_of_stacks(tmp_path)
    (tmp_path / "Pulumi.d.yaml").write_text("config: [\n")
    with pytest.raises(ValueError, match=r"Pulumi\.d\.yaml: is not YAML"):
        accounts_of_stacks(tmp_path)
