"""From nothing to three accounts with data in them: what `make up` and `make preview` do, step by step.

Each step is a command that one can run by hand with the environment of ``localcloud env``; the program and the stack
files are the repository's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from rich.console import Console

from components import names
from localcloud.by_http import read_by_http
from localcloud.example import (
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
from localcloud.prepare import was_brought_up
from localcloud.server import environment as environments
from localcloud.server.oidc import load_key, mint
from localcloud.server.process import Running
from localcloud.sites import SiteError, open_sites
from portal.pulumi_cli import ROOT, stacks
from settings import Portal, load

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


def command_environment(server: Running, folder: Path) -> dict[str, str]:
    """The environment of every command below: the caller's, with the local cloud's over it."""
    misleading = environments.unset(os.environ)
    env = {key: value for key, value in os.environ.items() if key not in misleading}
    return env | environments.environment(server, folder)


def ingest(example: Example, server: Running, env: Mapping[str, str]) -> None:
    """A tomogram from the source bucket to the staging bucket by a batch job, whose machine is taken half way."""
    if not has_tomogram(example, server):
        tomogram = f"s3://{example.source}/{TOMOGRAM}"
        run([sys.executable, "-m", "examples.ingest.phantom", tomogram], {**env, **administrator(example, server)})
        take_machine_half_way(example, server)
    submit = [*PORTAL, "submit", "queue", CONFIGURATION, example.source, example.staging]
    chosen = ["--deposition", DEPOSITION, "--run", RUN, "--environment", example.environment, "--import-everything"]
    run([*submit, *chosen, "--batch", BATCH, "--watch"], env)


def import_released(wanted: Import, url: str, env: Mapping[str, str]) -> None:
    """What was released, into a database by a batch job; then a line of it, read by the URI of the secret.

    ``url``: of an object of the dataset; empty: none is read by HTTP.
    """
    submit = [*PORTAL, "submit", "db-import", "--environment", wanted.environment, "--include-dataset", DATASET]
    prefix = ["--https-prefix", url.partition(f"/{DATASET}/")[0]] if url else []
    run([*submit, *prefix, "--import-everything", "--batch", IMPORT_BATCH, "--watch"], env)
    show = [sys.executable, "-m", "examples.importer.show", wanted.secret]
    run(show, {**env, "AWS_PROFILE": wanted.stack})


def bring_up(server: Running, folder: Path) -> None:
    """The stacks, an ingest, its release, its import, and a summary. Raises :class:`BringUpError`."""
    env, portal = command_environment(server, folder), load(stacks()[0], ROOT)
    with step(f"pulumi up of {', '.join(stacks())}"):
        run([*PORTAL, "up", "--yes", "--skip-preview"], env)
    for example in examples(portal):
        staging, public = example.staging, example.public
        with step(f"an ingest of {example.source} into {staging}; its spot machine is taken half way"):
            ingest(example, server, env)
        with step(f"its release into {public}, under {names.sync_role(example.release.key)}"):
            run([*PORTAL, "sync", f"s3://{staging}/{DATASET}", f"s3://{public}/{DATASET}"], env)
        with step("read back as anybody would, and compared voxel by voxel"):
            run([sys.executable, "-m", "examples.ingest.compare", public, "--anonymous"], env)
    urls = []
    for example in examples(portal):
        with step(f"a chunk of it by HTTP, through the data CDN over {example.public}"):
            urls.append(read_by_http(example, server, portal, env))
        for wanted in imports(portal, example):
            with step(f"its import into the database of {wanted.environment}; the tomogram's row, by {wanted.secret}"):
                import_released(wanted, urls[-1], env)
    with step("what is where"):
        run([*PORTAL, "status"], env)
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
   pulumi preview -s {stacks()[0]:<13}portal status          localcloud calls --last 20
   aws --profile {stacks()[0]} s3 ls      profiles: {", ".join(stacks())}
`make down` ends them with everything in them.""")
    for environment, url in sites.items():
        out.print(f"[bold]The site of {environment}:[/bold] {url}")


def preview_credentials(portal: Portal, stack: str, server: Running, folder: Path) -> dict[str, str]:
    """What a pull request's job gets: the preview role's session, for a token as GitHub gives it.

    Raises :class:`BringUpError` where the stack file names no GitHub repository.
    """
    settings = portal.stacks[stack]
    if settings.access.github is None:
        raise BringUpError(f"Pulumi.{stack}.yaml: portal:settings.access.github: is needed for a preview as CI runs it")
    token = mint(load_key(folder / "tls" / "issuer.pem"), settings.access.github.repository, "pull_request")
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
            with step(f"pulumi up of {stack}, which never was"):
                run([*PORTAL, "up", "--yes", "--skip-preview", stack], env)
        with step(f"preview of {stack} under {names.GITHUB_PREVIEW}"):
            credentials = preview_credentials(portal, stack, server, folder)
            run([str(ROOT / "tools" / "preview"), stack], env | credentials)
