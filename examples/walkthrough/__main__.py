"""`python -m examples.walkthrough up`, and `preview`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from examples.walkthrough import bringup
from localcloud.app import FOLDER, FolderOption, fail, start_server, tell
from localcloud.server.process import Running
from settings import SettingsError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    help="The stacks of this project on AWS accounts of this machine.",
)


@app.command()
def up(folder: FolderOption = FOLDER) -> None:
    """Bring up all stacks here, release a dataset, and read it back as anybody would."""
    _do(bringup.bring_up, folder)


@app.command()
def preview(folder: FolderOption = FOLDER) -> None:
    """Preview every stack as CI does on a pull request."""
    _do(bringup.preview, folder)


def _do(steps: Callable[[Running, Path], None], folder: Path) -> None:
    """Carry out the steps on the server of the folder, started if need be."""
    try:
        steps(start_server(folder, []), folder.resolve())
    except (bringup.BringUpError, SettingsError) as error:
        raise fail(str(error)) from error


if __name__ == "__main__":
    tell(app)
