"""From nothing to three accounts with data in them: what `make up` and `make preview` do, step by step.

Each step is a command that one can run by hand with the environment of ``localcloud env``; the program and the stack
files are the repository's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from rich.console import Console

from components import names
from examples.walkthrough import updates
from examples.walkthrough.chunk import read_by_http
from examples.walkthrough.dataset import (
    BATCH,
    CONFIGURATION,
    DATASET,
    DEPOSITION,
    IMPORT_BATCH,
    RUN,
    TOMOGRAM,
    Example,
    Import,
    administrator,
    examples,
    has_tomogram,
    imports,
    take_machine_half_way,
)
from examples.walkthrough.sites import SiteError, open_sites
from localcloud.prepare import was_brought_up
from localcloud.server import client_variables
from localcloud.server.process import Running
from portal.pulumi_cli import ROOT, stacks
from settings import Portal, load
from settings.faults import fault_at

out = Console(highlight=False, soft_wrap=True)
PORTAL = (sys.executable, "-m", "portal")


class BringUpError(Exception):
    """A step failed; its own output stands above."""


@contextmanager
def step(text: str) -> Generator[None]:
    """Says what begins, and how long it took."""
    out.print(f"[bold]==[/bold] {text}")
    begun = time.monotonic()
    yield
    out.print(f"   {time.monotonic() - begun:.1f} s", style="dim")


def run(command: Sequence[str], env: Mapping[str, str]) -> None:
    """Runs a command with its output shown. Raises :class:`BringUpError`."""
    if subprocess.run(command, cwd=ROOT, env=env, check=False).returncode != 0:
        raise BringUpError(f"`{' '.join(command)}` failed; what it printed stands above")


def tell(line: str) -> None:
    """Shows a line as belonging to the step."""
    out.print(f"   {line}", markup=False)


def run_quietly(command: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """Runs a command and gives the lines of its standard output; all that it printed is shown if it fails.

    Raises :class:`BringUpError`.
    """
    done = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr, end="", flush=True)
        raise BringUpError(f"`{' '.join(command)}` failed; what it printed stands above")
    return done.stdout.splitlines()


def submit(words: Sequence[str], env: Mapping[str, str]) -> list[dict[str, Any]]:
    """`portal submit` with these words, followed until its runs have succeeded: what it says of each at its end.

    Raises :class:`BringUpError`.
    """
    _, *runs = run_quietly([*PORTAL, "submit", *words, "--watch", "--json"], env)
    ended: list[dict[str, Any]] = [json.loads(line) for line in runs]
    for one in ended:
        tell(f"{one['name']}: {one['status']}, {one['market']}, {one['seconds']} s")
    return ended


def command_environment(server: Running, folder: Path) -> dict[str, str]:
    """The environment of every command below: the caller's, with the local cloud's over it."""
    misleading = client_variables.unset(os.environ)
    env = {key: value for key, value in os.environ.items() if key not in misleading}
    return env | client_variables.environment(server, folder)


def ingest(example: Example, server: Running, env: Mapping[str, str]) -> None:
    """A tomogram from the source bucket to the staging bucket by a batch job, whose machine is taken half way."""
    if not has_tomogram(example, server):
        tomogram = f"s3://{example.source}/{TOMOGRAM}"
        run_quietly(
            [sys.executable, "-m", "examples.ingest.phantom", tomogram], {**env, **administrator(example, server)}
        )
        take_machine_half_way(example, server)
    queue = ["queue", CONFIGURATION, example.source, example.staging]
    chosen = ["--deposition", DEPOSITION, "--run", RUN, "--environment", example.environment, "--import-everything"]
    (ended,) = submit([*queue, *chosen, "--batch", BATCH], env)
    if ended["market"] == "on demand":
        tell("spot machine taken after the first chunk; finished on demand")


def release(example: Example, env: Mapping[str, str]) -> None:
    """What the ingest wrote, from the staging bucket to the public one."""
    source, destination = f"s3://{example.staging}/{DATASET}", f"s3://{example.public}/{DATASET}"
    lines = run_quietly([*PORTAL, "sync", source, destination], env)
    tell(f"{sum(line.startswith('copy: ') for line in lines)} objects released")


def read_back(example: Example, env: Mapping[str, str]) -> None:
    """What was released, without credentials, against what is known of it."""
    command = [sys.executable, "-m", "examples.ingest.compare", example.public, "--anonymous"]
    for line in run_quietly(command, env):
        tell(line)


def import_released(wanted: Import, url: str, env: Mapping[str, str]) -> None:
    """What was released, into a database by a batch job; then its row, read by the URI of the secret.

    ``url``: of an object of the dataset; empty: none is read by HTTP.
    """
    db_import = ["db-import", "--environment", wanted.environment, "--include-dataset", DATASET]
    prefix = ["--https-prefix", url.partition(f"/{DATASET}/")[0]] if url else []
    submit([*db_import, *prefix, "--import-everything", "--batch", IMPORT_BATCH], env)
    show = [sys.executable, "-m", "examples.importer.show", wanted.secret]
    for line in run_quietly(show, {**env, "AWS_PROFILE": wanted.stack}):
        row = json.loads(line)
        size = " x ".join(str(row[f"size_{axis}"]) for axis in "xyz")
        tell(f"run {row['run']}: {size} voxels, {row['file_size_mrc']} bytes of MRC file at {row['https_mrc_file']}")


def bring_stacks_up(server: Running, folder: Path, env: Mapping[str, str]) -> None:
    """Bootstrap, where the account has none or another, and `up` of all at once; the output of what failed is shown.
    Raises :class:`BringUpError`."""
    failed: list[str] = []
    bootstrapped = updates.bootstrapped(stacks(), server)
    for stack, done in updates.bring_up(stacks(), server, folder, env, bootstrapped).items():
        if done.returncode != 0:
            failed.append(stack)
            print(done.stdout, end="", flush=True)
        else:
            for line in updates.summary(stack, done.stdout):
                tell(line)
    if failed:
        raise BringUpError(f"bootstrap or up of {', '.join(failed)} failed; what it printed stands above")


def bring_up(server: Running, folder: Path) -> None:
    """The stacks, an ingest, its release, its import, and the sites. Raises :class:`BringUpError`."""
    env, portal = command_environment(server, folder), load(stacks()[0], ROOT)
    with step(f"bootstrap of each account, pulumi up of {', '.join(stacks())}, at once"):
        bring_stacks_up(server, folder, env)
    for example in examples(portal):
        staging, public = example.staging, example.public
        with step(f"an ingest of {example.source} into {staging} by a batch job"):
            ingest(example, server, env)
        with step(f"its release into {public}, under {names.sync_role(example.release.key)}"):
            release(example, env)
        with step("read back as anybody would, and compared voxel by voxel"):
            read_back(example, env)
    urls = []
    for example in examples(portal):
        with step(f"a chunk of it by HTTP, through the data CDN over {example.public}"):
            urls.append(read_by_http(example, server, portal, env))
        for wanted in imports(portal, example):
            with step(f"its import into the database of {wanted.environment}; the tomogram's row, by {wanted.secret}"):
                import_released(wanted, urls[-1], env)
    sites = dict[str, str]()
    if any(settings.sites for settings in portal.stacks.values()):
        with step("the first page of each environment's site"):
            try:
                sites = open_sites(server, portal, env)
            except SiteError as error:
                raise BringUpError(str(error)) from None
    by_http = "".join(f"   curl -r 0-99 {url} | xxd | head -3\n" for url in urls if url)
    listed = "".join(f"   aws s3 ls --no-sign-request s3://{one.public}/{DATASET}/\n" for one in examples(portal))
    out.print(f"""
The accounts answer at {server.https_url}. To look around:
   eval "$(make -s env)"          then pulumi, aws and portal speak to them
{listed}{by_http}   portal watch --batch {BATCH}     portal logs NAME      portal submit --help
   portal status          localcloud calls --last 20      aws --profile {stacks()[0]} s3 ls
   PORTAL_AWS_PROFILE={stacks()[0]} pulumi preview -s {stacks()[0]}      profiles: {", ".join(stacks())}
`make down` ends them with everything in them.""")
    for environment, url in sites.items():
        out.print(f"[bold]The site of {environment}:[/bold] {url}")


def preview_credentials(portal: Portal, stack: str, server: Running, folder: Path) -> dict[str, str]:
    """What a job of the GitHub environment for previews gets: the preview role's session, for a token of GitHub's form.

    Raises :class:`BringUpError` where the stack file names no GitHub repository.
    """
    from localcloud.server.oidc import Job, load_key, mint  # a fifth of a second, which `make up` does not spend

    settings = portal.stacks[stack]
    github = settings.access.github
    if github is None:
        raise BringUpError(str(fault_at(stack, ("access", "github"), None, "is needed for a preview as CI runs it")))
    key = load_key(folder / "tls" / "issuer.pem")
    job = Job(
        repository=github.prefix.removeprefix("repo:"),
        repository_id=github.repository_id,
        context=f"environment:{github.preview_environment}",
        workflow="preview.yml",
        ref="refs/pull/1/merge",
    )
    token = mint(key, job)
    sts = boto3.Session(region_name=settings.account.region).client(
        "sts", endpoint_url=server.https_url, verify=server.ca_bundle, config=Config(signature_version=UNSIGNED)
    )
    given = sts.assume_role_with_web_identity(
        RoleArn=names.role_arn(settings.account.id, names.GITHUB_PREVIEW),
        RoleSessionName="preview",
        WebIdentityToken=token,
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
        names.ROLE_VARIABLE: names.GITHUB_PREVIEW,
    }


def preview(server: Running, folder: Path) -> None:
    """The preview of each stack as CI runs it: the same script, under the role that may only read.

    A stack that was never brought up is brought up first, for its preview role is its own. Raises
    :class:`BringUpError`.
    """
    env, portal = command_environment(server, folder), load(stacks()[0], ROOT)
    for stack in stacks():
        if not was_brought_up(folder, stack):
            with step(f"bootstrap and pulumi up of {stack}, which never was"):
                run([*PORTAL, "bootstrap", "--yes", stack], env)
                run([*PORTAL, "up", "--yes", "--skip-preview", stack], env)
        with step(f"preview of {stack} under {names.GITHUB_PREVIEW}"):
            credentials = preview_credentials(portal, stack, server, folder)
            run([str(ROOT / "tools" / "preview"), stack], env | credentials)
