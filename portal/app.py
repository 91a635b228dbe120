"""`portal`: the operator's command line. It works the same against AWS and against the local cloud."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated

import typer

from portal import deletion
from portal import sync as syncing
from portal.agreement import Yes
from portal.commands import diagram, follow, restore, restore_drill, sign_url, status, submit
from portal.commands.bootstrap import bootstrap
from portal.commands.encrypt import encrypt_state
from portal.commands.image_digest import image_digest
from portal.commands.options import Delete, ExactTimestamps, Exclude, Include, OrderedFilters, SizeOnly
from portal.commands.preview import drift, preview
from portal.commands.up import up
from portal.errors import PortalError, user_message
from portal.pulumi_cli import Pulumi
from portal.recovery import Place
from portal.recovery import recover as recover_stack
from portal.s3_uri import Uri
from portal.stack_files import settings_of, stack_files

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(submit.app, name="submit")
app.command()(follow.watch)
app.command()(follow.logs)
app.command()(restore.restore)
app.command()(restore_drill.restore_drill)
app.command()(bootstrap)
app.command()(up)
app.command()(preview)
app.command()(drift)
app.command()(status.status)
app.command()(sign_url.sign_url)
app.command()(diagram.diagram)
app.command()(encrypt_state)
app.command()(image_digest)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"portal {metadata.version('portal-infrastructure')}")
        raise typer.Exit


@app.callback(help=__doc__)
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version, and end")
    ] = False,
) -> None:
    del version  # its callback has printed it


@app.command(cls=OrderedFilters)
def sync(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(help="s3://bucket[/prefix] to copy from")],
    dest: Annotated[str, typer.Argument(help="s3://bucket[/prefix] to copy to")],
    include: Include = None,
    exclude: Exclude = None,
    delete: Delete = False,
    exact_timestamps: ExactTimestamps = False,
    size_only: SizeOnly = False,
    dataset: Annotated[list[str] | None, typer.Option(help="Copy this folder under SOURCE alone; repeatable")] = None,
    per_dataset: Annotated[
        bool, typer.Option("--per-dataset/--single-job", help="One sync a folder under SOURCE, or one in all")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "--dryrun", help="Say what would be copied; copy nothing")
    ] = False,
    print_command: Annotated[bool, typer.Option("--print-command", help="Print the commands; run nothing")] = False,
    multipart_threshold: Annotated[
        int,
        typer.Option(
            min=syncing.SMALLEST_PARTS_BYTES,
            max=syncing.LARGEST_COPY_BYTES + 1,
            help="Copy objects of this many bytes or more in parts",
        ),
    ] = syncing.LARGEST_COPY_BYTES + 1,
    yes: Yes = False,
    delete_count: deletion.Count = None,
) -> None:
    """Release data: copy from a staging bucket to the bucket that receives from it, under the sync role."""
    del include, exclude  # their order counts: OrderedFilters has them
    origin, target = Uri.parse("SOURCE", source), Uri.parse("DEST", dest)
    options = syncing.Options(
        filters=ctx.meta["filters"],
        delete=delete,
        exact_timestamps=exact_timestamps,
        size_only=size_only,
        dryrun=dry_run,
        multipart_threshold=multipart_threshold,
    )
    deletion.refuse_wide(origin, target, options, delete_count)
    where = syncing.route(stack_files(), origin.bucket, target.bucket)
    jobs = syncing.pairs(where, origin, target, dataset or [], per_dataset)
    if print_command:
        for one, other in jobs:
            print(syncing.shown(one, other, options))
        return
    for one, _ in jobs:
        syncing.refuse_empty(where.s3, one)
    if delete and not dry_run:
        deletion.confirm(where, jobs, options, target, yes=yes, number=delete_count)
    failed = syncing.run(where, jobs, options)
    if failed:
        raise PortalError(f"{failed} of {len(jobs)} syncs failed; what was copied stays, run it again to finish")


@app.command()
def account(stack: Annotated[str, typer.Argument(help="The stack")]) -> None:
    """Print a stack's account as `id=` and `region=` lines, the form that GitHub Actions takes as outputs."""
    account = settings_of(stack_files(), stack).account
    print(f"id={account.id}\nregion={account.region}")


@app.command()
def recover(
    stack: Annotated[str, typer.Argument(help="The stack")],
    lock_of: Annotated[
        str, typer.Option(help="USER@HOST of a machine that is gone: its lock is removed", metavar="USER@HOST")
    ] = "",
) -> None:
    """Put a stack right after a killed update: its lock, and operations of unknown outcome."""
    place = Place.of(settings_of(stack_files(), stack))
    pulumi = Pulumi(stack=stack, variables=place.provider_variables, dead_runner=lock_of)
    lines = recover_stack(pulumi, place, interrupted=True)
    print("\n".join(lines) or f"{stack}: nothing to recover")


def main() -> None:
    """The console script. What a user can mend is told, without a traceback."""
    try:
        app()
    except Exception as error:
        if (text := user_message(error)) is None:
            raise
        sys.exit(text)
