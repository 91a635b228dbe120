"""What pulumi, aws and portal need beside the accounts: the `aws` plugin, AWS profiles, and the stacks in the state.

The credentials are in a file and not in variables: there they would win over the profile that AWS_PROFILE names.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from configparser import RawConfigParser
from contextlib import suppress
from pathlib import Path
from typing import Final

from components import names
from localcloud import stack_files
from localcloud.kubernetes.control_plane.installed import Programs
from localcloud.provider.install import install_plugin
from localcloud.server import client_variables
from localcloud.server.leftovers import PROJECT as PROJECT_COPY
from localcloud.server.leftovers import STATE
from localcloud.server.process import Running
from portal.errors import LOCAL
from settings.schema import Account

PROJECT: Final = "portal"
"""Of Pulumi.yaml: the engine keeps the stacks under it."""


class PrepareError(Exception):
    """The engine could not be prepared. The text says why."""


def prepare(server: Running, folder: Path, accounts: Mapping[str, Account]) -> None:
    """Writes the plugin and the profiles: one for each stack's account, by the stack's name, of its ``account.role``;
    the default is the engineer."""
    install_plugin(folder / "pulumi", real=Programs(Path(server.kubernetes)) if server.kubernetes else None)
    keys = {"aws_access_key_id": server.access_key_id, "aws_secret_access_key": server.secret_access_key}
    _write(client_variables.credentials_file(folder), {"default": keys})
    sections = {"default": {"region": server.region}}
    for stack, account in accounts.items():
        role = names.role_arn(account.id, account.role)
        # The AWS CLI keeps a role's session in the user's home, by ARN and name of session: without a name of their own
        # it would show those of a local cloud that has ended to the next one.
        session = f"engineer-{server.access_key_id}"
        profile = {"role_arn": role, "source_profile": "default", "role_session_name": session}
        sections[f"profile {stack}"] = {**profile, "region": account.region}
    _write(client_variables.config_file(folder), sections)


def _write(path: Path, sections: Mapping[str, Mapping[str, str]]) -> None:
    """A file of AWS's clients that its owner alone reads; there is never half of it."""
    parser = RawConfigParser()
    parser.read_dict(sections)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        parser.write(file)
    unfinished.replace(path)


def initialise(env: Mapping[str, str], folder: Path, project: Path, stacks: Iterable[str]) -> list[str]:
    """Makes the stacks that the state lacks, each with a key of its account for its secrets, and answers which.

    Raises PrepareError without the engine.
    """
    missing = [stack for stack in stacks if not (_state(folder, "stacks") / f"{stack}.json").exists()]
    if install_engine(env["PATH"], folder, project) is None and missing:
        then = f"make setup, then {LOCAL}, then localcloud start"
        raise PrepareError(f"pulumi is not on PATH, so that the state has no stacks: {then}")
    if missing:
        command = [sys.executable, "-m", "portal", "encrypt-state", *missing]
        own = {**env, "PORTAL_PROJECT": str(project)}
        done = subprocess.run(command, cwd=project, env=own, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PrepareError(f"the stacks could not be made: {done.stderr.strip()}")
    return missing


def install_engine(path: str, folder: Path, project: Path) -> Path | None:
    """Writes the `pulumi` of :mod:`localcloud.stack_files`, in front of the engine on a PATH; None if there is none."""
    tools = client_variables.tools_folder(folder)
    engine = shutil.which("pulumi", path=os.pathsep.join(part for part in path.split(os.pathsep) if part != str(tools)))
    script = tools / "pulumi"
    if engine is None:
        return script if script.exists() else None
    command = [sys.executable, "-IS", stack_files.__file__, engine, str(project), str(folder / PROJECT_COPY)]
    tools.mkdir(parents=True, exist_ok=True)
    unfinished = script.with_suffix(".new")
    unfinished.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    unfinished.chmod(0o755)
    unfinished.replace(script)
    for host in Path(engine).resolve().parent.glob("pulumi-language-*"):  # looked for beside `pulumi`
        with suppress(FileExistsError):
            (tools / host.name).symlink_to(host)
    return script


def was_brought_up(folder: Path, stack: str) -> bool:
    """Whether the engine has a history of the stack."""
    return (_state(folder, "history") / stack).exists()


def _state(folder: Path, part: str) -> Path:
    return folder / STATE / ".pulumi" / part / PROJECT
