"""What every command that submits does with its jobs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from portal.commands.follow import watch_runs
from portal.commands.options import Common
from portal.console import INTERRUPTED, say
from portal.environments import PATIENT, Discovered, Home, discover, home
from portal.errors import PortalError
from portal.submission import batches
from portal.submission.defaults import Command, Generation
from portal.submission.journal import Header, Journal, Planned, folder, opened
from portal.submission.listing import refuse_missing_workflow
from portal.submission.requests import Job, request
from portal.submission.starting import Result, Starter, config, start_all
from settings import Portal
from settings.faults import file_of

SHOWN_FAILURES = 10


@dataclass(frozen=True)
class Place:
    """An environment, and what the operator finds in it."""

    portal: Portal
    environment: str

    @cached_property
    def where(self) -> Home:
        """Raises PortalError if there is none, or if nothing may be started in it."""
        holder = home(self.portal, self.environment)
        if holder.settings.retire:
            rule = f"is retired in {file_of(holder.stack)}: nothing is started in it any more"
            raise PortalError(f"--environment: {self.environment!r}: {rule}")
        return holder

    @cached_property
    def session(self) -> boto3.Session:
        return self.where.session()

    @cached_property
    def discovered(self) -> Discovered:
        return discover(self.where, self.session)

    @cached_property
    def s3(self) -> Any:
        return self.session.client("s3", config=PATIENT)

    def bucket(self, kind: str, argument: str) -> str:
        """The account's bucket of a kind. Raises PortalError if there is not exactly one."""
        owner = self.portal.stacks[self.where.stack]
        buckets = [one.name for one in owner.buckets.values() if one.kind == kind]
        if len(buckets) != 1:
            rule = f"must be given: {file_of(self.where.stack)} has {len(buckets)} buckets of kind {kind}"
            raise PortalError(f"{argument}: {rule}")
        return buckets[0]


def submit(common: Common, place: Place, command: Command, about: Mapping[str, str], jobs: Sequence[Job]) -> None:
    """Starts the jobs that were not started before; exits with 1 if one could not be, or ended badly when watched."""
    wanted = request(
        command,
        Generation(common.generation),
        about,
        image=common.image(place.portal.project.registry, place.where.region),
        workflow=common.swipe_wdl_key,
        memory_mib=common.memory,
        vcpus=common.vcpu,
        on_demand=common.on_demand,
    )
    identity = batches.identity(wanted, jobs)
    refuse_missing_workflow(place.s3, place.discovered.wdl_bucket, wanted.workflow)
    # Before there is a batch: what is refused leaves no trace.
    now = Journal(header=Header(batch="", identity="", environment="", machine="", unix=int(time.time())))
    trial = batches.planned(now, wanted, jobs, place.where, place.discovered)
    if common.dry_run:
        _print(trial)
        return
    machine = place.discovered.machine_arn
    with opened(folder(), identity, place.where.name, machine, batch=common.batch, again=common.again) as journal:
        todo, before = batches.plan(journal, wanted, jobs, place.where, place.discovered)
        result = _start(common, place, journal, todo)
        names = [journal.planned[job.target].name for job in jobs]
    if common.as_json:
        _print_started(journal, [journal.planned[job.target] for job in jobs], result)
    _tell(journal.header, result, len(todo), before)
    if result.failures or result.left:
        raise typer.Exit(1)
    if common.watch:
        watch_runs(place.portal, names, place.where.name, as_json=common.as_json)


def _print(runs: Sequence[Planned]) -> None:
    for run in runs:
        sys.stdout.write(json.dumps({"name": run.name, "input": json.loads(run.input)}) + "\n")
    say.print(f"{len(runs)} runs; names begin with the time of submission")


def _print_started(journal: Journal, runs: Sequence[Planned], result: Result) -> None:
    """The batch as one line: each run by name, with its ARN once it was started, now or before; why others were not."""
    started = {run.name: journal.started[run.name] for run in runs if run.name in journal.started}
    about = {"batch": journal.header.batch, "environment": journal.header.environment}
    print(json.dumps({**about, "started": started, "failed": dict(result.failures)}), flush=True)


def _start(common: Common, place: Place, journal: Journal, todo: Sequence[Planned]) -> Result:
    client: Any = place.session.client("stepfunctions", config=config(common.parallelism))  # pyright: ignore[reportArgumentType, reportCallIssue]  # the stubs of this service are not installed
    starter = Starter(states=client, machine=place.discovered.machine_arn)
    columns = (TextColumn("submitting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=say, disable=not say.is_terminal) as progress:
        task = progress.add_task("", total=len(todo))
        try:
            return start_all(journal, todo, starter, common.parallelism, lambda: progress.advance(task))
        except KeyboardInterrupt:
            progress.stop()
            started = sum(run.name in journal.started for run in todo)
            say.print(f"interrupted: {started} of {len(todo)} started; the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from None


def _tell(header: Header, result: Result, wanted: int, before: int) -> None:
    for name, why in list(result.failures.items())[:SHOWN_FAILURES]:
        say.print(f"not started: {name}: {why}")
    if len(result.failures) > SHOWN_FAILURES:
        say.print(f"not started: {len(result.failures) - SHOWN_FAILURES} more")
    say.print(f"batch {header.batch}: {len(result.started)} of {wanted} started" + _said_before(before))
    if result.failures or result.left:
        say.print("the same command starts the rest")
    elif before and not wanted:
        say.print("nothing new; --again starts them all once more")
    if result.started:
        say.print(f"follow them: portal watch --batch {header.batch}")


def _said_before(before: int) -> str:
    return f", {before} started before" if before else ""
