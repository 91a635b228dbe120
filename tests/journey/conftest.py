"""The real engine against a local cloud of its own, with a project folder whose stack files a test may change."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
import pytest
import yaml

from components import names
from composition.bootstrap import fingerprint
from localcloud.kubernetes.control_plane.installed import installed
from localcloud.provider.install import install_plugin
from localcloud.server import images
from localcloud.server.client_variables import backend_url
from portal.pulumi_cli import ROOT
from settings import load
from tests.journey import keys
from tests.journey.forks import forks, share
from tests.localcloud.clouds import CONFIGURATION, ORGANIZATION_ROLE
from tests.localcloud.conftest import (
    ACCOUNTS,
    DEV,
    PROD,
    PUBLIC,
    REGION,
    Cloud,
    cloud,
    local_cloud_accounts,
    local_cloud_configuration,
    local_cloud_server,
)
from tests.unit.stackfiles import STACK_FILES

__all__ = ["cloud", "local_cloud_accounts", "local_cloud_configuration", "local_cloud_server"]

STACKS = {"dev": DEV, "public": PUBLIC, "prod": PROD}
assert set(STACKS.values()) == set(ACCOUNTS)
INIT = ("stack", "init", "--no-select", "--secrets-provider", keys.PROVIDER)
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
BOOTSTRAP = "bootstrap"
PROGRAM = ("__main__.py", "composition", "settings", "components", f"{BOOTSTRAP}/__main__.py")
INGEST = "standardize_dirs.wdl-v0.0.1.wdl"
LONGEST = ("test_kill", "test_fleet", "test_make", "test_services")


def pytest_configure(config: pytest.Config) -> None:
    """Before pytest-xdist starts its workers."""
    if config.getoption("numprocesses", None) and not config.getoption("collectonly"):
        share()


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test with a project of its own may run anywhere; others share what the fixtures of their module, or of all
    modules, brought up."""
    if isinstance(item, pytest.Function) and "project" not in item.fixturenames:
        shared = [name for name in ("standing", "served") if f"all_{name}" in item.fixturenames]
        item.add_marker(pytest.mark.xdist_group(*shared or [item.path.stem]))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: at the end of the run the other workers would wait for them."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Groups that do not come about would cost a bring-up for each worker, and nothing would tell."""
    config = session.config
    grouped = [item for item in session.items if item.get_closest_marker("xdist_group")]
    if hasattr(config, "workerinput") and config.getoption("loadgroup"):
        assert all("@" in item.nodeid for item in grouped), "pytest-xdist does not know its own groups"


class Project:
    """A copy of the project: its own stack files, the programs themselves by links. Commands run in ``env``.

    The stack files are the tests' or, once the state is initialised, those of ``initialised``, which also say how
    secrets are encrypted.
    """

    def __init__(self, folder: Path, env: dict[str, str], initialised: Path | None = None) -> None:
        self.folder, self.env = folder, env
        self._bootstrapped: dict[str, str] = {}
        self._sessions: dict[str, dict[str, str]] = {}
        (folder / BOOTSTRAP).mkdir(parents=True)
        for program in (".", BOOTSTRAP):
            shutil.copy(ROOT / program / "Pulumi.yaml", folder / program)
        shutil.copy(STACK_FILES / "portal.yaml", folder)
        for part in PROGRAM:
            (folder / part).symlink_to(ROOT / part)
        (folder / ".venv").symlink_to(forks().virtualenv)
        shutil.copytree(ROOT / "workflows", folder / "workflows")
        for stack in STACKS:
            shutil.copy((initialised or STACK_FILES) / f"Pulumi.{stack}.yaml", folder)

    def change(self, stack: str, edit: Callable[[dict[str, Any]], object]) -> None:
        """Edits the settings of a stack file in place."""
        file = self.folder / f"Pulumi.{stack}.yaml"
        data = yaml.safe_load(file.read_text())
        edit(data["config"]["portal:settings"])
        file.write_text(yaml.safe_dump(data, sort_keys=False))

    def keep_workflows(self, *names: str) -> None:
        """Of the workflows' files these alone: each is an object of each environment."""
        for file in (self.folder / "workflows").iterdir():
            if file.name not in names:
                file.unlink()

    def run(self, *command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """``env``: beside the project's; one with credentials is somebody else's, whose providers work with them."""
        own = {} if env and KEYS[0] in env else self._entered(command)
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.env, **own, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
        )

    def _entered(self, command: Sequence[str]) -> dict[str, str]:
        """With which the providers of an engine's command enter the account of its stack, as `portal up` has them do:
        by the organization's role."""
        stack = command[command.index("--stack") + 1] if command[0] == "pulumi" and "--stack" in command else ""
        if stack not in STACKS:
            return {}
        if stack not in self._sessions:
            sts = boto3.Session(self.env[KEYS[0]], self.env[KEYS[1]], region_name=REGION).client(
                "sts", endpoint_url=self.env["AWS_ENDPOINT_URL"], verify=self.env["AWS_CA_BUNDLE"]
            )
            role = names.role_arn(STACKS[stack], ORGANIZATION_ROLE)
            given = sts.assume_role(RoleArn=role, RoleSessionName="project")["Credentials"]
            values = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
            self._sessions[stack] = {f"PORTAL_{key}": value for key, value in zip(KEYS, values, strict=True)}
        return self._sessions[stack]

    def pulumi(self, stack: str, *arguments: str, env: dict[str, str] | None = None) -> str:
        """Runs a Pulumi command that must succeed; returns all that it printed."""
        done = self.refused(stack, *arguments, env=env)
        assert done.returncode == 0, printed(done)
        return done.stdout + done.stderr

    def refused(
        self, stack: str, *arguments: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a Pulumi command whatever comes of it."""
        return self.run("pulumi", *arguments, "--stack", stack, "--non-interactive", "--color", "never", env=env)

    def up(self, stack: str, *arguments: str) -> str:
        """Brings a stack up, once its account is bootstrapped with the settings that its file has."""
        if stack in STACKS:
            self.bootstrap(stack)
        return self.pulumi(stack, "up", "--yes", "--skip-preview", *arguments)

    def bootstrap(self, stack: str, *arguments: str) -> None:
        """What `portal bootstrap` does with the program; nothing where it has done so with the settings as they are and
        is given no further arguments."""
        settings = fingerprint(load(stack, self.folder))
        if arguments or self._bootstrapped.get(stack) != settings:
            self.pulumi(stack, "-C", BOOTSTRAP, "up", "--yes", "--skip-preview", *arguments)
            self._bootstrapped[stack] = settings

    def state(self, stack: str, program: str = ".") -> list[dict[str, Any]]:
        """The resources that the state holds, the provider and the stack itself left out."""
        held = self.resources(stack, program)
        return [one for one in held if one.get("custom") and not one["type"].startswith("pulumi:")]

    def resources(self, stack: str, program: str = ".") -> list[dict[str, Any]]:
        """All that the state holds."""
        return self.deployment(stack, program).get("resources", [])

    def deployment(self, stack: str, program: str = ".") -> dict[str, Any]:
        """What `pulumi stack export` prints, read from the file that the engine keeps it in if it is one."""
        url = urlsplit(self.env["PULUMI_BACKEND_URL"])
        if url.scheme != "file":
            exported = self.run("pulumi", "-C", program, "stack", "export", "--stack", stack)
            return json.loads(exported.stdout)["deployment"]
        name = yaml.safe_load((self.folder / program / "Pulumi.yaml").read_text())["name"]
        file = Path(url.path) / ".pulumi" / "stacks" / name / f"{stack}.json"
        return json.loads(file.read_text())["checkpoint"]["latest"] or {}

    def outputs(self, stack: str) -> dict[str, Any]:
        """What the stack exports."""
        return next(one for one in self.resources(stack) if one["type"] == "pulumi:pulumi:Stack")["outputs"]


def printed(done: subprocess.CompletedProcess[str]) -> str:
    """All that a command printed, and its errors once more at the end: of a long text the middle may be left out where
    it is shown."""
    text = done.stdout + done.stderr
    return "\n".join([text, *(line for line in text.splitlines() if "error:" in line)])


def outputs(project: Project, stack: str) -> dict[str, Any]:
    """What the stack says of its orchestrators, by environment."""
    return project.outputs(stack)["orchestrators"]


def empty(client: Any, bucket: str) -> None:
    """Deletes every object; versions and markers stay."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        if doomed := [{"Key": row["Key"]} for row in page.get("Contents", [])]:
            assert not client.delete_objects(Bucket=bucket, Delete={"Objects": doomed}).get("Errors")


def taken(sqs: Any, url: str) -> list[dict[str, Any]]:
    """Up to ten messages out of a queue; none: it has no more that may be had now."""
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    if messages:
        handles = [{"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]} for number, one in enumerate(messages)]
        assert not sqs.delete_message_batch(QueueUrl=url, Entries=handles).get("Failed")
    return messages


@cache
def engine() -> str:
    """The folder of the Pulumi engine."""
    command = [sys.executable, ROOT / "tools" / "engine.py"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def environment(cloud: Cloud, folder: Path) -> dict[str, str]:
    """What `make env` sets, for a cloud and folders of the test's own. Programs, plugins and `portal` are forks."""
    home = folder / "pulumi"
    install_plugin(home, forks().python, installed())
    (folder / "state").mkdir(exist_ok=True)
    engineer = cloud.credentials
    return {
        "HOME": os.environ.get("HOME", str(folder)),
        "PATH": f"{forks().commands}:{engine()}:{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": backend_url(folder / "state"),
        "PULUMI_CONFIG_PASSPHRASE": "of the journeys",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # Written whole at the end alone: a third of an update's time. Journeys that kill one set it back.
        "PULUMI_SKIP_CHECKPOINTS": "true",
        # Its heap is small and its life short: with Go's usual 100, collecting garbage is a seventh of its time.
        "GOGC": "400",
        "AWS_ENDPOINT_URL": cloud.https_url,
        "AWS_CA_BUNDLE": cloud.ca_bundle,
        "AWS_ACCESS_KEY_ID": engineer.access_key_id,
        "AWS_SECRET_ACCESS_KEY": engineer.secret_access_key,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        **forks().variables,
        **keys.variables(),
    }


@pytest.fixture(scope="session")
def initialised(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The state of three stacks that were never brought up, and the project with their stack files: the same for all
    workers, made by the first of them."""
    workers = tmp_path_factory.getbasetemp()
    shared = (workers if worker_id == "master" else workers.parent) / "initialised"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            folder = tmp_path_factory.mktemp("initialised")
            made = Project(folder / "project", environment(cloud, folder))
            for stack in STACKS:
                for program in (".", BOOTSTRAP):
                    made.pulumi(stack, "-C", program, *INIT)
                made.change(stack, without_services)
            folder.rename(shared)
    return shared


P = TypeVar("P", bound=Project)


def new_project(cloud: Cloud, initialised: Path, folder: Path, kind: type[P] = Project) -> P:
    """Empty accounts, empty state, the three stacks initialised."""
    cloud.reset()
    shutil.copytree(initialised / "state", folder / "state")
    return kind(folder / "project", environment(cloud, folder), initialised / "project")


@pytest.fixture
def project(cloud: Cloud, initialised: Path, tmp_path: Path) -> Project:
    """A project of the test's own, nothing brought up."""
    return new_project(cloud, initialised, tmp_path)


@pytest.fixture(scope="module")
def module_project(cloud: Cloud, initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the module's own, nothing brought up."""
    return new_project(cloud, initialised, tmp_path_factory.mktemp("module"))


def _shared(
    cloud: Cloud, initialised: Path, new_folder: Callable[[], Path], bring_up: Callable[[Project], None]
) -> Callable[[], Project]:
    """Gives a project that is brought up: the same until the accounts are emptied for another."""
    brought_up: dict[int, Project] = {}

    def give() -> Project:
        if cloud.resets not in brought_up:
            made = new_project(cloud, initialised, new_folder())
            bring_up(made)
            brought_up[cloud.resets] = made
        return brought_up[cloud.resets]

    return give


@pytest.fixture(scope="session")
def all_standing(cloud: Cloud, initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Gives a project with all three stacks up, without services."""

    def bring_up(project: Project) -> None:
        for stack in STACKS:
            project.up(stack)

    return _shared(cloud, initialised, lambda: tmp_path_factory.mktemp("standing"), bring_up)


@pytest.fixture(scope="session")
def all_served(cloud: Cloud, initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Gives a project with dev up, which has one environment, staging, with all that serves it."""

    def bring_up(project: Project) -> None:
        images.configure(CONFIGURATION.images)
        project.change("dev", serving)
        project.up("dev")

    return _shared(cloud, initialised, lambda: tmp_path_factory.mktemp("served"), bring_up)


@pytest.fixture(scope="module")
def standing(all_standing: Callable[[], Project]) -> Project:
    """All three stacks up, for tests that leave them as they are."""
    return all_standing()


@pytest.fixture(scope="module")
def served(all_served: Callable[[], Project]) -> Project:
    """Dev up with a site, for tests that leave it as it was."""
    return all_served()


def smaller(settings: dict[str, Any]) -> None:
    """Changes the settings of dev: one environment, staging, with all that one can have; every type of resource, fewer
    of each."""
    del settings["environments"]["dev"]
    del settings["images"]["import"]


SERVICES = ("api", "frontend", "site")


def serving(settings: dict[str, Any]) -> None:
    """Changes the settings of dev: one environment, staging, with what serves it in its stack file, of each
    service one pod; and a web ACL before its site, so that there is every type of resource."""
    own = yaml.safe_load((STACK_FILES / "Pulumi.dev.yaml").read_text())["config"]["portal:settings"]
    smaller(settings)
    settings["cluster"] = own["cluster"]
    settings["images"] |= {name: own["images"][name] for name in ("api", "frontend")}
    staging = settings["environments"]["staging"]
    staging |= {part: own["environments"]["staging"][part] for part in SERVICES}
    staging["api"]["replicas"] = 1
    staging["site"]["requests_per_5_minutes"] = 3000


def without_services(settings: dict[str, Any]) -> None:
    """Takes away the cluster and what runs in it, for journeys that ask nothing about it."""
    settings.pop("cluster", None)
    for name in ("api", "frontend"):
        settings.get("images", {}).pop(name, None)
    for environment in settings.get("environments", {}).values():
        for part in SERVICES:
            environment.pop(part, None)


SERVES = ("database", *SERVICES)
"""What an environment has that its jobs don't need."""


def jobs_alone(settings: dict[str, Any]) -> None:
    """Takes away what serves: databases, and what stands before them. For journeys that ask nothing about it."""
    settings.pop("cluster", None)
    for environment in settings["environments"].values():
        for part in SERVES:
            environment.pop(part, None)
