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
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from rich.console import Console

from components import names
from localcloud.provider.install import install_plugin
from localcloud.sample import DATASET, objects
from localcloud.server import environment as environments
from localcloud.server.oidc import load_key, mint
from localcloud.server.process import Running
from portal.pulumi_cli import ROOT, stacks
from settings import Portal, Release, load

out = Console(highlight=False, soft_wrap=True)


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
    install_plugin(folder / "pulumi")
    env = {key: value for key, value in os.environ.items() if key not in environments.UNSET}
    return env | environments.environment(server, folder)


def _client(service: str, region: str, credentials: Mapping[str, str] | None, server: Running) -> Any:
    given = credentials or {}
    session = boto3.Session(
        given.get("AccessKeyId"), given.get("SecretAccessKey"), given.get("SessionToken"), region_name=region
    )
    settings = Config(s3={"addressing_style": "path"}, signature_version=None if credentials else UNSIGNED)
    return session.client(  # pyright: ignore[reportCallIssue] - the stubs want a literal
        service,  # pyright: ignore[reportArgumentType]
        endpoint_url=server.https_url,
        verify=server.ca_bundle,
        config=settings,
    )


def put_sample(portal: Portal, release: Release, server: Running) -> int:
    """Puts the sample dataset into the staging bucket where it isn't there; the number of objects put."""
    account = next(one.account for one in portal.stacks.values() if one.account.id == release.source_account)
    engineer = {"AccessKeyId": server.access_key_id, "SecretAccessKey": server.secret_access_key}
    role = names.role_arn(account.id, account.role)
    sts = _client("sts", account.region, engineer, server)
    given = sts.assume_role(RoleArn=role, RoleSessionName="sample")["Credentials"]
    s3, put = _client("s3", account.region, given, server), 0
    for key, (kind, body) in objects().items():
        try:
            s3.head_object(Bucket=release.source.name, Key=key)
        except ClientError:
            s3.put_object(Bucket=release.source.name, Key=key, Body=body, ContentType=kind)
            put += 1
    return put


def read_back(portal: Portal, release: Release, server: Running) -> int:
    """Reads the released dataset as anybody would, and compares it byte by byte; the number of bytes."""
    region = next(o.account.region for o in portal.stacks.values() if o.account.id == release.destination_account)
    s3 = _client("s3", region, None, server)
    listed = s3.list_objects_v2(Bucket=release.destination.name, Prefix=f"{DATASET}/").get("Contents", [])
    wanted = {key: body for key, (_, body) in objects().items()}
    if {row["Key"] for row in listed} != set(wanted):
        raise BringUpError(f"{release.destination.name} lists {[row['Key'] for row in listed]}, not the dataset")
    for key, body in wanted.items():
        if s3.get_object(Bucket=release.destination.name, Key=key)["Body"].read() != body:
            raise BringUpError(f"s3://{release.destination.name}/{key} is not what was put into staging")
    return sum(map(len, wanted.values()))


def bring_up(server: Running, folder: Path) -> None:
    """The stacks, the data, the release, and a summary. Raises :class:`BringUpError`."""
    env, portal = command_environment(server, folder), load(stacks()[0], ROOT)
    portal_command = [sys.executable, "-m", "portal"]
    with step(f"pulumi up of {', '.join(stacks())}"):
        run([*portal_command, "up", "--skip-preview"], env)
    for release in portal.releases():
        source, target = release.source.name, release.destination.name
        with step(f"a dataset into {source}, released to {target} under {names.sync_role(release.key)}"):
            put = put_sample(portal, release, server)
            run([*portal_command, "sync", "--delete", f"s3://{source}/{DATASET}", f"s3://{target}/{DATASET}"], env)
            out.print(
                f"   {put} objects put into staging; {read_back(portal, release, server)} bytes read back anonymously"
            )
    with step("what is where"):
        run([*portal_command, "status"], env)
    out.print(f"""
The accounts answer at {server.https_url}. To look around:
   eval "$(make -s env)"          then pulumi, aws and portal speak to them
   aws s3 ls --no-sign-request s3://{next(portal.releases()).destination.name}/{DATASET}/
   pulumi preview -s dev          portal status          localcloud calls --last 20
`make down` ends them with everything in them.""")


def preview_credentials(portal: Portal, stack: str, server: Running, folder: Path) -> dict[str, str]:
    """What a pull request's job gets: the preview role's session, for a token as GitHub gives it.

    Raises :class:`BringUpError` where the stack file names no GitHub repository.
    """
    settings = portal.stacks[stack]
    if settings.access.github is None:
        raise BringUpError(f"Pulumi.{stack}.yaml: portal:settings.access.github: is needed for a preview as CI runs it")
    token = mint(load_key(folder / "tls" / "issuer.pem"), settings.access.github.repository, "pull_request")
    given = _client("sts", settings.account.region, None, server).assume_role_with_web_identity(
        RoleArn=names.role_arn(settings.account.id, names.GITHUB_PREVIEW),
        RoleSessionName="preview",
        WebIdentityToken=token,
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
        "PORTAL_ROLE": names.GITHUB_PREVIEW,
    }


def preview(server: Running, folder: Path) -> None:
    """The preview of each stack as CI runs it: the same script, under the role that may only read.

    A stack that was never brought up is brought up first, for its preview role is its own. Raises
    :class:`BringUpError`.
    """
    env, portal = command_environment(server, folder), load(stacks()[0], ROOT)
    for stack in stacks():
        if not (folder / "state" / ".pulumi" / "stacks" / "portal" / f"{stack}.json").exists():
            with step(f"pulumi up of {stack}, which never was"):
                run([sys.executable, "-m", "portal", "up", "--skip-preview", stack], env)
        with step(f"preview of {stack} under {names.GITHUB_PREVIEW}"):
            credentials = preview_credentials(portal, stack, server, folder)
            run([str(ROOT / "tools" / "preview"), stack], env | credentials)
