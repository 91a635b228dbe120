"""`pulumi` of the local cloud: the engine, on copies of the stack files that name a key of the local accounts.

A stack file also says by which key the secrets in its stack's state are encrypted. A key of AWS's can't be used here,
and a key of the local accounts has no place in the repository. So the engine works on copies: of the project files,
which lead to the programs, and of the stack files without those lines, in whose place the engine writes its own. A
program in a folder of the project (`stackConfigDir: ..`) has the same stack files.

Runs before every command of the engine, and so needs the standard library alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

PROJECT: Final = "Pulumi.yaml"
SHARES: Final = "stackConfigDir: .."
STACK_FILES: Final = "Pulumi.*.yaml"
EDITS: Final = frozenset({"cp", "env", "refresh", "rm", "rm-all", "set", "set-all"})
"""Of `pulumi config`: what would change the copy of a stack file."""
_SECRETS = re.compile(r"^(?:encryptionsalt|secretsprovider|encryptedkey):.*\n?", re.MULTILINE)


def refresh(project: Path, copy: Path) -> None:
    """Brings the copy of the project up to date; what the engine wrote about secrets stays."""
    copy.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        (copy / ".venv").symlink_to(project / ".venv")
    for file in _project_files(project):
        text = f"{file.read_text().rstrip()}\nmain: {json.dumps(str(file.parent))}\n"
        _write(copy / file.relative_to(project), text)
    originals = {file.name: file for file in project.glob(STACK_FILES)}
    for gone in {file.name for file in copy.glob(STACK_FILES)} - originals.keys():
        (copy / gone).unlink(missing_ok=True)
    for name, original in originals.items():
        _refresh_stack_file(original, copy / name)


def _project_files(project: Path) -> list[Path]:
    """Those of the project and of the programs in its folders that have its stack files."""
    inner = [file for file in sorted(project.glob(f"*/{PROJECT}")) if SHARES in file.read_text().splitlines()]
    return [project / PROJECT, *inner]


def _refresh_stack_file(original: Path, copy: Path) -> None:
    before = copy.read_text() if copy.exists() else ""
    settings = _SECRETS.sub("", original.read_text())
    secrets = "".join(line.rstrip("\n") + "\n" for line in _SECRETS.findall(before))
    _write(copy, settings + ("" if settings.endswith("\n") or not settings else "\n") + secrets)


def _write(file: Path, text: str) -> None:
    """Whole, and only if it differs: another command may be reading it."""
    if not file.exists() or file.read_text() != text:
        file.parent.mkdir(exist_ok=True)
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        unfinished.write_text(text)
        unfinished.replace(file)


def _program_of(project: Path, folder: Path) -> Path | None:
    """Where below the project the program is to which the engine would say that the folder belongs; None: elsewhere."""
    nearest = next((one for one in (folder, *folder.parents) if (one / PROJECT).is_file()), None)
    programs = (file.parent for file in _project_files(project))
    return next((one.relative_to(project) for one in programs if nearest is not None and nearest.samefile(one)), None)


def main(engine: str, project: Path, copy: Path, arguments: list[str]) -> None:
    if (program := _program_of(project, Path.cwd())) is not None:
        if arguments[:1] == ["config"] and EDITS & set(arguments[1:2]):
            sys.exit(f"error: pulumi config {arguments[1]}: edit the stack file; the engine reads a copy of it here")
        refresh(project, copy)
        os.chdir(copy / program)
    os.execv(engine, [engine, *arguments])  # noqa: S606 - the engine takes this process's place, without a shell


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
