"""`portal submit`: workflow runs, as the ingestion clients start them, many at once and none twice."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from portal import deletion
from portal import sync as syncing
from portal.agreement import Yes
from portal.commands.options import (
    Common,
    Delete,
    ExactTimestamps,
    Exclude,
    Include,
    OrderedFilters,
    SizeOnly,
    with_common,
)
from portal.commands.running import Place, submit
from portal.environments import Home
from portal.errors import PortalError
from portal.s3_uri import Uri
from portal.stack_files import stack_files
from portal.submission import abilities, defaults, listing, targets
from portal.submission.defaults import Command, Generation
from portal.submission.requests import Job
from settings import Portal

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=__doc__)
Flags = Annotated[str, typer.Option(help="Further flags for the workflow's program, as on its command line")]
DATASETS = "datasets"


@app.command()
@with_common
def queue(
    common: Common,
    config_file: Annotated[str, typer.Argument(help="The dataset's configuration: a path inside the jobs' image")],
    input_bucket: Annotated[str, typer.Argument(help="Where the sources are")],
    output_path: Annotated[str, typer.Argument(help="bucket or bucket/prefix to write to")],
    deposition: Annotated[str, typer.Option(help="The deposition's number, for the runs' names")],
    dataset: Annotated[
        str | None, typer.Option(help="The dataset's number; left out: the configuration's name")
    ] = None,
    run: Annotated[list[str] | None, typer.Option(help="This run; repeatable")] = None,
    runs_file: Annotated[Path | None, typer.Option(help="A file with a run a line; - reads standard input")] = None,
    source_prefix: Annotated[
        str | None, typer.Option(help="Every run here: each folder, and each file by its name without extension")
    ] = None,
    filter_run_name: Annotated[list[str] | None, typer.Option(help="Only runs that match; repeatable")] = None,
    exclude_run_name: Annotated[list[str] | None, typer.Option(help="No runs that match; repeatable")] = None,
    import_everything: Annotated[bool, typer.Option("--import-everything", help="Import all that there is")] = False,
    force_overwrite: Annotated[bool, typer.Option("--force-overwrite", help="Write what is there already")] = False,
    https_prefix: Annotated[
        str | None, typer.Option(help="Where the output is on the web; left out: data_urls.production of portal.yaml")
    ] = None,
    flags: Flags = "",
) -> None:
    """Ingest a dataset: one job a run."""
    place = Place(stack_files(), common.environment)
    number = listing.number("--dataset", dataset) if dataset else targets.dataset_of(config_file)
    listing.number("--deposition", deposition)
    buckets = abilities.ingest_buckets(place.portal, place.where)
    buckets.refuse_unreadable("INPUT_BUCKET", input_bucket)
    buckets.refuse_unwritable("OUTPUT_PATH", output_path)
    named = listing.named(run or [], runs_file)
    if source_prefix is not None:
        named += listing.runs(place.s3, input_bucket, source_prefix)
    elif not named:
        raise PortalError("runs: must be given, by --run, --runs-file or --source-prefix: the image has the rest")
    chosen = listing.chosen(list(dict.fromkeys(named)), filter_run_name or [], exclude_run_name or [], "run-name")
    if https_prefix is None:
        https_prefix = place.portal.project.data_urls.production
    switches = {"--import-everything": import_everything, "--force-overwrite": force_overwrite}
    ingest = targets.Ingest(
        config_file=config_file,
        input_bucket=input_bucket,
        output_path=output_path,
        deposition=deposition,
        dataset=number,
        flags=[
            *(switch for switch, on in switches.items() if on),
            *([f"--https-prefix {shlex.quote(https_prefix)}"] if https_prefix else []),
            *targets.flags(flags),
        ],
    )
    submit(common, place, Command.QUEUE, ingest.about(), [ingest.job(one) for one in chosen])


@app.command("db-import")
@with_common
def db_import(
    common: Common,
    s3_bucket: Annotated[str | None, typer.Option(help="Left out: what the environment imports from")] = None,
    https_prefix: Annotated[str | None, typer.Option(help="Where its data is on the web")] = None,
    include_dataset: Annotated[list[str] | None, typer.Option(help="This dataset; repeatable")] = None,
    filter_datasets: Annotated[list[str] | None, typer.Option(help="Only datasets that match; repeatable")] = None,
    exclude_dataset: Annotated[list[str] | None, typer.Option(help="No datasets that match; repeatable")] = None,
    import_everything: Annotated[bool, typer.Option("--import-everything", help="Import all that there is")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Log the database's queries")] = False,
    flags: Flags = "",
) -> None:
    """Import metadata into the environment's database: one job a dataset."""
    place = Place(stack_files(), common.environment)
    bucket = abilities.import_bucket(place.portal, place.where, s3_bucket)
    datasets = listing.numbered(place.s3, bucket, "", include_dataset or [], "--include-dataset")
    chosen = listing.chosen(datasets, filter_datasets or [], exclude_dataset or [], DATASETS)
    project = place.portal.project
    urls, registry = project.data_urls, project.registry
    production = common.environment == defaults.PRODUCTION
    wanted = targets.Import(
        s3_bucket=bucket,
        https_prefix=https_prefix or (urls.production if production else urls.others),
        environment=common.environment,
        image=defaults.image(registry, place.where.region, registry.import_, common.ecr_tag),
        flags=[
            *(["--import-everything"] if import_everything else []),
            *(["--debug"] if debug else []),
            *targets.flags(flags),
        ],
    )
    submit(common, place, Command.DB_IMPORT, wanted.about(), [wanted.job(one) for one in chosen])


@app.command(cls=OrderedFilters)
@with_common
def sync(
    common: Common,
    ctx: typer.Context,
    source: Annotated[str | None, typer.Argument(help="s3://bucket[/prefix]; left out: what is released")] = None,
    dest: Annotated[
        str | None, typer.Argument(help="s3://bucket[/prefix]; left out: SOURCE's prefix where it is released")
    ] = None,
    include: Include = None,
    exclude: Exclude = None,
    delete: Delete = False,
    exact_timestamps: ExactTimestamps = False,
    size_only: SizeOnly = False,
    dataset: Annotated[list[str] | None, typer.Option(help="This folder under SOURCE; repeatable")] = None,
    deposition: Annotated[list[str] | None, typer.Option(help="This deposition's metadata; repeatable")] = None,
    filter_datasets: Annotated[list[str] | None, typer.Option(help="Only datasets that match; repeatable")] = None,
    exclude_dataset: Annotated[list[str] | None, typer.Option(help="No datasets that match; repeatable")] = None,
    per_dataset: Annotated[
        bool, typer.Option("--per-dataset/--single-job", help="A job a dataset under SOURCE, or one for all of it")
    ] = True,
    yes: Yes = False,
    delete_count: deletion.Count = None,
) -> None:
    """Release data from staging to the public bucket, in batch jobs. (`portal sync` does it from here.)"""
    del include, exclude  # their order counts: OrderedFilters has them
    if common.generation == Generation.NEWER and common.environment != defaults.ENVIRONMENT:
        rule = f"clients of generation 2 release from {defaults.ENVIRONMENT!r} alone"
        raise PortalError(f"--environment: {common.environment!r}: {rule}")
    place = Place(stack_files(), common.environment)
    options = syncing.Options(
        filters=ctx.meta["filters"], delete=delete, exact_timestamps=exact_timestamps, size_only=size_only
    )
    origin, target = _released(place.portal, place.where, source, dest)
    deletion.refuse_wide(origin, target, options, delete_count)
    words = [shlex.quote(word) for word in options.arguments()]
    wanted = targets.Release(source=origin, destination=target, flags=words)
    jobs: list[Job] = [wanted.deposition(one) for one in _depositions(place, origin, deposition or [])]
    if per_dataset and (dataset or not deposition):
        datasets = listing.numbered(place.s3, origin.bucket, origin.prefix, dataset or [], "--dataset")
        jobs += map(wanted.dataset, listing.chosen(datasets, filter_datasets or [], exclude_dataset or [], DATASETS))
    elif not per_dataset:
        jobs.append(_single(common, wanted, dataset, deposition))
        syncing.refuse_empty(place.s3, origin)
    if delete and not common.dry_run:
        where = syncing.route(place.portal, origin.bucket, target.bucket)
        pairs = [wanted.pair(job) for job in jobs]
        deletion.confirm(where, pairs, options, target, yes=yes, number=delete_count)
    submit(common, place, Command.SYNC, wanted.about(), jobs)


def _depositions(place: Place, origin: Uri, wanted: list[str]) -> list[str]:
    if not wanted:
        return []
    folder = origin.under(listing.DEPOSITIONS)
    return listing.numbered(place.s3, folder.bucket, folder.prefix, wanted, "--deposition")


def _single(common: Common, wanted: targets.Release, dataset: list[str] | None, deposition: list[str] | None) -> Job:
    if common.generation == Generation.OLDER:
        raise PortalError("--single-job: clients of generation 1 send a job a dataset")
    if dataset or deposition:
        raise PortalError("--single-job: takes all of SOURCE: name the folder there, not by --dataset or --deposition")
    return wanted.everything()


def _released(portal: Portal, where: Home, source: str | None, dest: str | None) -> tuple[Uri, Uri]:
    """SOURCE and DEST, which must be those that the environment's jobs may copy between.

    DEST is SOURCE's prefix in the other bucket if it is left out. Raises PortalError.
    """
    ref = where.orchestrator.sync_into
    if ref is None:
        raise PortalError(f"--environment: {where.name!r}: releases into no bucket (sync_into in its stack file)")
    into = portal.bucket(ref, where.stack)
    release = next(one for one in portal.releases() if one.destination == into)
    origin = Uri.parse("SOURCE", source or f"s3://{release.source.name}")
    target = Uri.parse("DEST", dest) if dest else Uri(bucket=into.name, prefix=origin.prefix)
    for argument, uri, bucket in (("SOURCE", origin, release.source.name), ("DEST", target, into.name)):
        if uri.bucket != bucket:
            rule = f"the environment {where.name!r} releases {release.source.name} into {into.name} alone"
            raise PortalError(f"{argument}: {str(uri)!r}: {rule}")
    return origin, target


@app.command()
@with_common
def validate(
    common: Common,
    dataset_id: Annotated[list[str], typer.Argument(help="Numbers of datasets")],
    flags: Flags = "",
) -> None:
    """Check datasets: in the staging bucket, or for any other --environment in the public one. One job a dataset."""
    staging = common.environment == defaults.ENVIRONMENT
    numbers = [listing.number("DATASET_ID", one) for one in dataset_id]
    place = Place(stack_files(), defaults.ENVIRONMENT)
    output = place.bucket("staging", "--environment")
    source = output if staging else _released(place.portal, place.where, None, None)[1].bucket
    kind = "staging" if staging else "prod"
    checks = _validation(place, kind, source, output, "--environment", flags)
    submit(common, place, Command.VALIDATE, checks.about(), [checks.dataset(one) for one in numbers])


def _validation(place: Place, kind: str, source: str, output: str, argument: str, flags: str) -> targets.Validation:
    """Raises PortalError for buckets that the environment's jobs may not touch; ``argument`` names the source."""
    buckets = abilities.ingest_buckets(place.portal, place.where)
    buckets.refuse_unreadable(argument, source)
    buckets.refuse_unwritable("--environment", output)
    return targets.Validation(kind=kind, input_bucket=source, output_bucket=output, flags=targets.flags(flags))


@app.command("source-validate")
@with_common
def source_validate(
    common: Common,
    config_file: Annotated[str, typer.Argument(help="The dataset's configuration: a path inside the job's image")],
    input_bucket: Annotated[str | None, typer.Option(help="Where the sources are; left out: the account's")] = None,
    flags: Flags = "--no-multiprocessing",
) -> None:
    """Check a dataset's sources: one job."""
    place = Place(stack_files(), defaults.ENVIRONMENT)
    source = input_bucket or place.bucket("source", "--input-bucket")
    output = place.bucket("staging", "--environment")
    checks = _validation(place, "source", source, output, "--input-bucket", flags)
    submit(common, place, Command.SOURCE_VALIDATE, checks.about(), [checks.sources(config_file)])
