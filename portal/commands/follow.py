"""`portal watch` and `portal logs`."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from components.orchestration.failures import Kind
from portal.console import INTERRUPTED, say
from portal.environments import home
from portal.errors import PortalError
from portal.following import logs as job_logs
from portal.following.outcomes import Outcome
from portal.following.runs import by_environment, follower
from portal.following.watching import FEW, Ended, Running, Watch
from portal.following.watching import watch as endings
from portal.stack_files import stack_files
from portal.submission import defaults
from portal.submission.journal import BATCH, folder, read
from settings import Portal

COLOURS: Final = {"SUCCEEDED": "green", "RUNNING": "yellow", "FAILED": "red"}
"""Of states, on a terminal; of any other that has ended, that of FAILED."""
MOST_TAILS: Final = 20
"""Of more runs that failed, the logs are not printed."""
printer = Console(highlight=False, soft_wrap=True, markup=False)
Environment = Annotated[str, typer.Option(help="Whose runs the names are of; an ARN says it itself")]


def watch(
    run: Annotated[list[str] | None, typer.Argument(metavar="NAME|ARN...", help="Executions")] = None,
    batch: Annotated[str | None, typer.Option(help="All runs of this batch of `portal submit`")] = None,
    environment: Environment = defaults.ENVIRONMENT,
    tail: Annotated[int, typer.Option(min=0, max=1000, help="Lines of each log that are printed at the end")] = 5,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks, at most")] = 3.0,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line for each run, as it ends")] = False,
) -> None:
    """Follow runs until all have ended: outcome, class and reason, machines, last log lines.

    Exit status 0 only if all have succeeded. Ctrl-C ends the watching, not the runs.
    """
    portal = stack_files()
    names = [*(run or []), *(_batch(batch) if batch else [])]
    if not names:
        raise PortalError("NAME|ARN: at least one, or --batch")
    watch_runs(portal, names, environment, tail, interval, as_json=as_json)


def _batch(name: str) -> list[str]:
    """ARNs of what a batch has started."""
    journal = (
        read(folder() / f"{name}.jsonl") if BATCH.fullmatch(name) and (folder() / f"{name}.jsonl").exists() else None
    )
    if not journal:
        raise PortalError(f"--batch: {name!r}: there is no such batch in {folder()}")
    return [*journal.started.values()]


def watch_runs(
    portal: Portal,
    names: Sequence[str],
    environment: str,
    tail: int = 5,
    interval: float = 3.0,
    *,
    as_json: bool = False,
) -> None:
    """Prints how each ends; exits with 1 unless all succeed."""
    runs = by_environment(portal, names, environment)
    watches = [Watch(follower(home(portal, name)), ones, with_jobs=say.is_terminal) for name, ones in runs.items()]
    total, counts = sum(len(one.pending) for one in watches), Counter[str]()
    quiet = total > FEW
    try:
        # To a terminal the lines go above the rows that are drawn anew; to a file or pipe as they are.
        together = sys.stdout.isatty()
        with Live(console=say, auto_refresh=say.is_terminal, transient=True, redirect_stdout=together) as live:
            live.update(_rows(watches, total))
            for ended in endings(watches, interval, lambda: live.update(_rows(watches, total))):
                counts[_class(ended)] += 1
                with_log = not quiet or (
                    not ended.outcome.succeeded and counts.total() - counts["succeeded"] <= MOST_TAILS
                )
                if as_json:
                    print(json.dumps(_document(ended)), flush=True)
                else:
                    _print(ended, tail if with_log else 0)
    except KeyboardInterrupt:
        say.print(f"detached: {sum(len(one.pending) for one in watches)} of {total} go on")
        raise typer.Exit(INTERRUPTED) from None
    say.print("; ".join(f"{number} {what}" for what, number in sorted(counts.items())))
    if counts["succeeded"] < total:
        raise typer.Exit(1)


def _rows(watches: Sequence[Watch], total: int) -> Group | Text:
    """How many run, and a row for each of the first few."""
    pending = sum(len(one.pending) for one in watches)
    if not pending:
        return Text("")
    table = Table.grid(padding=(0, 2))
    shown = [row for one in watches for row in one.running][:FEW]
    for row in shown:
        table.add_row("", row.name, Text(_state(row), style=COLOURS["RUNNING"]), _market(row), _elapsed(row.outcome))
    more = [Text(f"  and {pending - len(shown)} more")] if shown and pending > len(shown) else []
    return Group(Spinner("dots", text=f"{pending} of {total} run"), table, *more)


def _state(row: Running) -> str:
    """Of the job, as Batch calls it; of the execution before it has one."""
    return row.job.status if row.job and row.job.status else row.outcome.status


def _market(row: Running | Ended) -> str:
    return row.job.market if row.job else ""


def _elapsed(outcome: Outcome) -> str:
    seconds = outcome.seconds()
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _document(ended: Ended) -> dict[str, object]:
    """One run as JSON has it. ``class``: `succeeded`, or the class of its failure."""
    outcome = ended.outcome
    return {
        "name": ended.name,
        "status": outcome.status,
        "class": _class(ended),
        "market": _market(ended),
        "seconds": outcome.seconds(),
        "error": outcome.error,
        "cause": outcome.cause,
    }


def _class(ended: Ended) -> str:
    """The class of a failure; of a program's, the name that it gave it."""
    outcome = ended.outcome
    if outcome.kind is Kind.APPLICATION and outcome.error:
        return outcome.error
    return outcome.kind.error if outcome.kind else "succeeded"


def _print(ended: Ended, tail: int) -> None:
    outcome, job = ended.outcome, ended.job
    about = "".join(f", {part}" for part in (_market(ended), _elapsed(outcome)) if part)
    status = Text(outcome.status, style=COLOURS.get(outcome.status, COLOURS["FAILED"]))
    printer.print(Text.assemble(f"{ended.name}: ", status, about))
    if outcome.kind:
        if outcome.kind is not Kind.APPLICATION:
            print(f"  {outcome.kind.error}: {outcome.kind.meaning}")
        print(f"  {outcome.error}: {outcome.cause}" if outcome.error or outcome.cause else "  no reason was given")
    if job and job.stream:
        for line in job_logs.tail(ended.follower, job.stream, tail):
            print(f"  | {line}")


def logs(
    run: Annotated[str, typer.Argument(metavar="NAME|ARN", help="An execution")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends")] = False,
    tail: Annotated[int | None, typer.Option(min=1, max=job_logs.MOST_LINES, help="From the last lines on")] = None,
    environment: Environment = defaults.ENVIRONMENT,
) -> None:
    """Print what a run's latest job has printed."""
    portal = stack_files()
    ((name, (execution,)),) = by_environment(portal, [run], environment).items()
    try:
        for line in job_logs.lines(follower(home(portal, name)), execution, last=tail, follow=follow, wait=time.sleep):
            print(line, flush=True)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
