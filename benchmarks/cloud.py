"""A local cloud of the benchmark's own, and the environment in which commands reach it."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from localcloud.prepare import initialise, prepare
from localcloud.server import process
from localcloud.server.client_variables import environment, tools_folder
from localcloud.server.configuration import FILE
from portal.pulumi_cli import ROOT, stacks
from settings import Portal, load
from tools import engine


@contextmanager
def local_cloud() -> Generator[tuple[Portal, dict[str, str]]]:
    """Accounts and a state in which nothing was brought up; the stacks' settings and the commands' environment."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "cloud"
        portal = load(stacks()[0], ROOT)
        accounts = [one.account.id for one in portal.stacks.values()]
        server, _ = process.start(folder, accounts, configuration=ROOT / FILE)
        try:
            prepare(server, folder, {stack: one.account for stack, one in portal.stacks.items()})
            (folder / "state").mkdir(exist_ok=True)
            env = environment(server, folder)
            path = f"{tools_folder(folder)}:{engine.locate()}:{env['PATH']}"
            env = env | {"PATH": path, "PULUMI_CONFIG_PASSPHRASE": "of other projects"}
            initialise(env, folder, ROOT, portal.stacks)
            yield portal, env
        finally:
            process.stop(folder)
