"""`portal diagram`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from portal.diagram.graph import describe
from portal.diagram.layout import place
from portal.diagram.model import Deployed, resources
from portal.diagram.svg import draw
from portal.errors import PortalError
from portal.pulumi_cli import Pulumi
from portal.stack_files import stack_files


def diagram(
    file: Annotated[Path, typer.Argument(help="The SVG file to write", dir_okay=False)],
) -> None:
    """Draw what is deployed in all accounts, and how data flows between it, as an SVG file."""
    drawn: list[Deployed] = []
    for stack, settings in sorted(stack_files().stacks.items()):
        pulumi = Pulumi(stack=stack)
        deployed = (pulumi.deployment() or {}).get("resources", [])
        if deployed:
            account = settings.account
            drawn.append(
                Deployed(stack=stack, account=account.id, region=account.region, resources=resources(deployed))
            )
    if not drawn:
        raise PortalError("no stack has been brought up: there is nothing to draw")
    accounts, edges = describe(drawn)
    file.write_text(draw(place(accounts, edges)), encoding="utf-8")
    print(f"{file}: {len(accounts)} accounts, {sum(len(one.nodes) for one in accounts)} boxes, {len(edges)} flows")
