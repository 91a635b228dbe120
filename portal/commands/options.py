"""Options that commands share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand

from portal.submission import defaults
from portal.submission.defaults import Generation
from settings.project import Registry

# What `aws s3 sync` is told.
Include = Annotated[list[str] | None, typer.Option(help="Copy keys that match, even if excluded before")]
Exclude = Annotated[list[str] | None, typer.Option(help="Leave out keys that match")]
Delete = Annotated[bool, typer.Option("--delete", help="Delete in DEST what SOURCE does not have")]
ExactTimestamps = Annotated[bool, typer.Option("--exact-timestamps", help="Copy unless the times are equal")]
SizeOnly = Annotated[bool, typer.Option("--size-only", help="Copy only if the sizes differ")]


class OrderedFilters(TyperCommand):
    """Keeps the order in which --include and --exclude were given: the last one that matches a key decides."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [
            part
            for arg in args
            for part in (arg.split("=", 1) if arg.startswith(("--include=", "--exclude=")) else [arg])
        ]
        ctx.meta["filters"] = [
            (word, words[at + 1])
            for at, word in enumerate(words[:-1])
            if word in {"--include", "--exclude"}
        ]  # fmt: skip
        return super().parse_args(ctx, args)


@dataclass(frozen=True, kw_only=True)
class Common:
    """Options of every command that submits."""

    environment: Annotated[str, typer.Option(help="Whose orchestrator runs it")] = defaults.ENVIRONMENT
    generation: Annotated[
        int, typer.Option(min=1, max=2, help="Of the ingestion client whose workflows and sizes are meant: 2 is newer")
    ] = Generation.NEWER.value
    ecr_repo: Annotated[
        str | None, typer.Option(help="Repository of the jobs' image; left out: registry.ingest of portal.yaml")
    ] = None
    ecr_tag: Annotated[str, typer.Option(help="Its tag")] = defaults.TAG
    memory: Annotated[int | None, typer.Option(help="MiB a job; left out: the command's")] = None
    vcpu: Annotated[int | None, typer.Option(help="vCPUs a job; left out: the command's")] = None
    on_demand: Annotated[
        bool, typer.Option("--on-demand", help="On machines that are not taken away, from the first attempt on")
    ] = False
    swipe_wdl_key: Annotated[str | None, typer.Option(help="Workflow file in the WDL bucket")] = None
    parallelism: Annotated[int, typer.Option(min=1, max=100, help="Calls at a time")] = defaults.PARALLELISM
    batch: Annotated[str | None, typer.Option(help="A name for the batch: what is in it is started once")] = None
    again: Annotated[bool, typer.Option("--again", help="A new batch, though there is one of the same")] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "--dryrun", help="Print names and inputs as JSON lines; start nothing")
    ] = False
    watch: Annotated[bool, typer.Option("--watch", help="Follow the runs until they end")] = False
    as_json: Annotated[
        bool, typer.Option("--json", help="What was started as a line of JSON; with --watch a line for each run's end")
    ] = False

    def image(self, registry: Registry, region: str) -> str:
        return defaults.image(registry, region, self.ecr_repo or registry.ingest, self.ecr_tag)


def with_common(function: Callable[..., None]) -> Callable[..., None]:
    """The function as a command that takes the common options too, and gets them as ``common``."""
    hints = get_type_hints(Common, include_extras=True)
    own = {name: one for name, one in inspect.signature(function, eval_str=True).parameters.items() if name != "common"}
    kind = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(one.name, kind, default=one.default, annotation=hints[one.name]) for one in fields(Common)
    ]

    @functools.wraps(function)
    def command(**given: Any) -> None:
        common = Common(**{one.name: given.pop(one.name) for one in fields(Common)})
        function(common=common, **given)

    parameters = [*(one.replace(kind=kind) for one in own.values()), *shared]
    command.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportAttributeAccessIssue]  # inspect reads it
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    del command.__wrapped__
    return command
