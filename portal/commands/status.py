"""`portal status`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from portal.errors import PortalError
from portal.stack_files import stack_files
from portal.status import StackStatus
from portal.status import status as statuses

out = Console(highlight=False, soft_wrap=True, markup=False)


SHOWN_OUTPUTS: Final = ("data_cdn", "databases", "cluster", "sites")
"""The outputs of a stack that the JSON form has as they are."""


def status(
    all_resources: Annotated[
        bool, typer.Option("--all", help="How many resources of each type there are, too")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON array, an object for each stack")] = False,
) -> None:
    """What is deployed where, by account."""
    stacks = statuses(stack_files())
    if as_json:
        print(json.dumps([_document(stack) for stack in stacks], indent=2, default=_text))
    else:
        _print(stacks, all_resources=all_resources)
    if refused := [f"{one.account} ({one.stack}): {one.refused}" for one in stacks if one.refused]:
        raise PortalError("no access to " + "; ".join(refused))


def _document(stack: StackStatus) -> Mapping[str, Any]:
    document = asdict(stack)
    outputs: Mapping[str, Any] = document.pop("outputs")
    kubernetes = document.pop("cluster")
    shown = {key: outputs[key] for key in SHOWN_OUTPUTS if key in outputs}
    return {**document, "outputs": shown, "kubernetes": kubernetes}


def _text(value: object) -> str:
    """A time as ISO 8601. Raises TypeError for anything else that JSON has no form for."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in a status")


def _print(stacks: list[StackStatus], *, all_resources: bool) -> None:
    for stack in stacks:
        title = f"{stack.stack}: account {stack.account}, {stack.region}"
        out.print(_buckets(title, stack) if stack.buckets else title)
        count = sum(stack.resources.values())
        out.print(f"  last update: {stack.updated}; {count} resources through the role {stack.role}")
        for line in (*_data_cdns(stack), *_machines(stack), *_databases(stack), *_cluster(stack), *_sites(stack)):
            out.print(f"  {line}")
        for kind, number in sorted(stack.resources.items() if all_resources else ()):
            out.print(f"    {number:4d} {kind}")


def _buckets(title: str, stack: StackStatus) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("bucket", "name", "kind", "in AWS"):
        table.add_column(column, overflow="fold")
    for bucket in stack.buckets:
        table.add_row(bucket.key, bucket.name, bucket.kind, bucket.answer)
    return table


def _data_cdns(stack: StackStatus) -> Iterator[str]:
    for key, cdn in stack.outputs.get("data_cdn", {}).items():
        hosts = dict.fromkeys((cdn["url"], f"https://{cdn['domain']}"))
        yield f"data CDN of {key}: {', '.join(hosts)}; distribution {cdn['distribution']}"


def _machines(stack: StackStatus) -> Iterator[str]:
    return (f"machines of {one}" for one in stack.machines)


def _databases(stack: StackStatus) -> Iterator[str]:
    for name, one in stack.outputs.get("databases", {}).items():
        where = f"{one['identifier']}, version {one['engine_version']}, at {one['host']}"
        yield f"database of {name}: {where}, secret {one['secret']}; {stack.engines.get(name, 'no access')}"


def _cluster(stack: StackStatus) -> Iterator[str]:
    if name := stack.outputs.get("cluster", {}).get("name"):
        yield f"cluster {stack.cluster or f'{name}: no access'}"


def _sites(stack: StackStatus) -> Iterator[str]:
    """Each environment's site, and its services; one line instead of them if Kubernetes could not be asked."""
    services = stack.cluster.services if stack.cluster else ()
    for name, site in stack.outputs.get("sites", {}).items():
        hosts = dict.fromkeys((site["url"], f"https://{site['domain']}"))
        yield f"site of {name}: {', '.join(hosts)}; distribution {site['distribution']}"
        yield from (str(one) for one in services if one.environment == name)
    if stack.cluster and stack.cluster.version and stack.cluster.fault:
        yield f"services: {stack.cluster.fault}"
