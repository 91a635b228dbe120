"""`portal sign-url`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from portal import signing
from portal.pulumi_cli import Pulumi
from portal.stack_files import stack_files


def sign_url(
    url: Annotated[str, typer.Argument(help="https://HOST/KEY, as portal status shows the host")],
    private_key: Annotated[Path, typer.Option(help="PEM file of the private half of one of the CDN's public_keys")],
    key: Annotated[str | None, typer.Option(help="The key's name under public_keys; left out: the only one")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=10_080, help="For how long the URL is good")] = 60,
) -> None:
    """Sign a URL of a data CDN that serves signed URLs alone: whoever has it reads the object until it expires."""
    outputs = [Pulumi(stack=stack).outputs() for stack in sorted(stack_files().stacks)]
    cdns = [cdn for one in outputs for cdn in one.get("data_cdn", {}).values()]
    key_id = signing.key_id(url, cdns, key)
    print(signing.signed(url, private_key, key_id, timedelta(minutes=minutes)))
