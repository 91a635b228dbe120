"""The workflow files of an environment: what its folder holds, read alike by the checks and the program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import is_zipfile

TEXT, ARCHIVE = ".wdl", ".wdl.zip"
ENDINGS: Final = (TEXT, ARCHIVE)


def workflow_files(folder: Path) -> Iterator[Path]:
    """What is uploaded from a folder, by name: WDL files, and archives of several."""
    return (file for file in sorted(folder.iterdir()) if file.name.endswith(ENDINGS))


def content(file: Path) -> str | bytes:
    """A WDL file's text, or an archive's bytes. Raises ValueError with the rule that the file breaks."""
    try:
        if not file.is_file():
            raise ValueError("must be a file")
        data = file.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    if file.name.endswith(ARCHIVE):
        if not is_zipfile(file):
            raise ValueError("must be a zip archive")
        return data
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"must be UTF-8: byte {error.start} is not") from error
