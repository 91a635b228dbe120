"""``localcloud``: starts and ends the local accounts, and shows what they are asked."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.error import HTTPError, URLError

import typer
from rich.console import Console
from rich.markup import escape

from localcloud.server import client_variables, process
from localcloud.server.configuration import FILE

if TYPE_CHECKING:
    from settings.schema import Account

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, add_completion=False, help="AWS accounts on this machine."
)
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)
SETTINGS = "portal:settings"

FolderOption = Annotated[
    Path, typer.Option("--folder", envvar="LOCALCLOUD_FOLDER", help="Where the local cloud keeps its files.")
]
FOLDER = Path(".local")
ConfigurationOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help=f"What the local cloud is started with; by default {FILE} of this directory, if any."
    ),
]


def main() -> None:
    """The console script."""
    tell(app)


def tell(commands: typer.Typer) -> None:
    """Runs a program's commands. What a user can mend is told, without a traceback."""
    try:
        commands()
    except Exception as error:
        from portal.errors import user_message

        if isinstance(error, URLError | ConnectionError) and not isinstance(error, HTTPError):
            sys.exit(f"error: the local cloud does not answer any more ({error}): localcloud start")
        if (text := user_message(error)) is None:
            raise
        sys.exit(text)


def fail(text: str) -> typer.Exit:
    err.print(f"[red]error:[/red] {escape(text)}")
    return typer.Exit(1)


def accounts_of_stacks(project: Path) -> dict[str, Account]:
    """The accounts that the stack files of a project name, by stack. Raises ValueError naming a file without one."""
    from pydantic import ValidationError

    from settings import files_of_stacks
    from settings.schema import Account
    from settings.yamlfile import read

    found: dict[str, Account] = {}
    for stack, path in files_of_stacks(project).items():
        data: Any
        data, faults = read(path)
        if faults:
            raise ValueError(str(faults[0]))
        try:
            found[stack] = Account.model_validate_json(json.dumps(data["config"][SETTINGS]["account"]))
        except (KeyError, TypeError):
            raise ValueError(f"{path.name}: config → {SETTINGS} → account is missing") from None
        except ValidationError as error:
            fault = error.errors()[0]
            where = " → ".join(map(str, fault["loc"]))
            raise ValueError(f"{path.name}: config → {SETTINGS} → account → {where}: {fault['msg']}") from None
    if not found:
        raise ValueError(f"{project.resolve()} has no Pulumi.*.yaml; name the accounts by --account")
    return found


def server_or_fail(folder: Path) -> process.Running:
    found = process.running(folder.resolve())
    if found is None:
        raise fail(f"no local cloud runs in {folder}: localcloud start")
    return found


def start_server(
    folder: Path, accounts: list[str], configuration: Path | None = None, *, https_port: int = 0, http_port: int = 0
) -> process.Running:
    """The running server, started if need be, with what happens on standard error. ``accounts`` empty: those of the
    stack files, with all that their stacks need. ``configuration`` None: the file of this directory, if any."""
    if configuration is None and Path(FILE).is_file():
        configuration = Path(FILE).resolve()
    try:
        stacks = {} if accounts else accounts_of_stacks(Path.cwd())
        with err.status("local cloud: starting") as status:
            server, started = process.start(
                folder.resolve(),
                accounts or list(dict.fromkeys(one.id for one in stacks.values())),
                configuration=configuration,
                https_port=https_port,
                http_port=http_port,
                waiting=lambda seconds: status.update(f"local cloud: starting, {seconds:.0f} s"),
                say=lambda text: err.print(escape(text)),
            )
        _prepare(server, folder.resolve(), stacks)
    except (process.ProcessError, ValueError, OSError) as error:
        raise fail(str(error)) from error
    word = "started" if started else "runs already"
    err.print(f"local cloud {word}: accounts {', '.join(server.accounts)} at {server.https_url} and {server.http_url}")
    return server


def _prepare(server: process.Running, folder: Path, stacks: Mapping[str, Account]) -> None:
    """What the commands of ``env`` need. A missing engine is told, and no failure: the accounts are there."""
    from localcloud.prepare import PrepareError, initialise, prepare

    prepare(server, folder, stacks)
    try:
        initialise(_environment(server, folder), folder, Path.cwd(), stacks)
    except PrepareError as error:
        err.print(f"[yellow]warning:[/yellow] {escape(str(error))}")


def _environment(server: process.Running, folder: Path) -> dict[str, str]:
    """This process's environment, with what reaches the local accounts and without what would mislead."""
    misleading = client_variables.unset(os.environ)
    own = {name: value for name, value in os.environ.items() if name not in misleading}
    return {**own, **client_variables.environment(server, folder)}


@app.command()
def start(
    account: Annotated[
        list[str] | None, typer.Option(help="An account id; by default those of the stack files.")
    ] = None,
    https_port: Annotated[int, typer.Option(help="0 is any free port.")] = 0,
    http_port: Annotated[int, typer.Option(help="0 is any free port.")] = 0,
    config: ConfigurationOption = None,
    folder: FolderOption = FOLDER,
) -> None:
    """Start the local accounts, or find them running."""
    start_server(folder, account or [], config, https_port=https_port, http_port=http_port)


@app.command()
def stop(folder: FolderOption = FOLDER) -> None:
    """End the local accounts with their process, state and files."""
    try:
        ended = process.stop(folder.resolve())
    except process.ProcessError as error:
        raise fail(str(error)) from error
    err.print("local cloud ended" if ended else "no local cloud was running")


@app.command()
def status(folder: FolderOption = FOLDER) -> None:
    """Say whether the local accounts run, and what exists in each."""
    server = server_or_fail(folder)
    out.print(f"pid {server.pid}, {server.https_url}, {server.http_url}, log {folder / 'server.log'}")
    for account, held in process.ask(server, "GET", "inventory").items():
        objects = sum(len(bucket["objects"]) for bucket in held["buckets"].values())
        out.print(
            f"{account}: {len(held['buckets'])} buckets with {objects} objects, {len(held['roles'])} roles, "
            f"{len(held['policies'])} policies, {len(held['oidc_providers'])} OIDC providers"
        )


@app.command()
def env(folder: FolderOption = FOLDER) -> None:
    """Print the environment that reaches the local accounts: eval "$(localcloud env)"."""
    try:
        server = server_or_fail(folder)
    except typer.Exit:
        if not sys.stdout.isatty():
            print("false")  # `eval` of nothing would succeed, and the next command go to AWS
        raise
    print("unset " + " ".join(client_variables.unset(os.environ)))  # for the shell, not for eyes
    for name, value in client_variables.environment(server, folder.resolve()).items():
        print(f"export {name}={shlex.quote(value)}")  # for the shell, not for eyes


@app.command(name="exec", context_settings={"ignore_unknown_options": True})
def run(command: Annotated[list[str], typer.Argument(metavar="COMMAND...")], folder: FolderOption = FOLDER) -> None:
    """Run a command in the environment of `env`, with its exit status: localcloud exec -- aws --profile dev s3 ls."""
    environment = _environment(server_or_fail(folder), folder.resolve())
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - the user's own command, in the user's place
    except OSError as error:
        raise fail(f"{command[0]}: {error.strerror}") from error


@app.command()
def calls(
    folder: FolderOption = FOLDER,
    refused: Annotated[bool, typer.Option("--refused", help="Only calls that were refused.")] = False,
    last: Annotated[int, typer.Option(help="How many of the latest.")] = 50,
) -> None:
    """Show the latest calls: who, what, on which resource, and how it was answered."""
    process.ask(server_or_fail(folder), "POST", "flush")
    lines = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    shown = [line for line in lines if "operation" in line and (not refused or line["status"] >= 400)]
    for line in shown[-last:]:
        asked = ", ".join(f"{item['action']} on {item['resource']}" for item in line["permissions"])
        who = line["caller"]["arn"] or line["caller"]["kind"]
        answer = f"{line['status']} {line['code']}".strip()
        out.print(escape(f"{line['time']} {answer} {line['service']} {line['operation']} by {who}: {asked or '-'}"))


@app.command()
def token(
    repository: Annotated[str, typer.Option(help="OWNER/NAME on GitHub.")],
    environment: Annotated[str, typer.Option(help="The deployment environment of the job.")] = "",
    pull_request: Annotated[bool, typer.Option("--pull-request", help="A job of a pull request.")] = False,
    branch: Annotated[str, typer.Option(help="A job of a push to this branch.")] = "",
    repository_id: Annotated[int, typer.Option(help="The repository's number on GitHub.")] = 456_789,
    workflow: Annotated[str, typer.Option(help="The file with the job, below .github/workflows.")] = "deploy.yml",
    ref: Annotated[str, typer.Option(help="What the workflow runs on.")] = "refs/heads/main",
    folder: FolderOption = FOLDER,
) -> None:
    """Print a web identity token as GitHub Actions would give it to a job."""
    from localcloud.server.oidc import Job, load_key, mint

    server_or_fail(folder)
    contexts = [f"environment:{environment}"] if environment else []
    contexts += ["pull_request"] if pull_request else []
    contexts += [f"ref:refs/heads/{branch}"] if branch else []
    if len(contexts) != 1 or repository.count("/") != 1:
        raise fail("one of --environment, --pull-request and --branch is needed, and --repository OWNER/NAME")
    job = Job(
        repository=repository,
        repository_id=repository_id,
        context=contexts[0],
        workflow=workflow,
        ref=f"refs/heads/{branch}" if branch else ref,
    )
    print(mint(load_key(folder / "tls" / "issuer.pem"), job))  # for a shell


if __name__ == "__main__":
    main()
