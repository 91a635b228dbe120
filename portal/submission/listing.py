"""What jobs work on, as it is named or as it lies in buckets: workflows, datasets, depositions, runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from portal.errors import PortalError

NUMBER: Final = re.compile(r"[1-9][0-9]{4,}")
"""Of a dataset or a deposition; beside their folders, buckets have those of reports and metadata."""
DEPOSITIONS: Final = "depositions_metadata"


def _pages(s3: Any, bucket: str, prefix: str, delimiter: str = "/") -> Iterator[dict[str, Any]]:
    try:
        yield from s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter=delimiter)
    except (ClientError, BotoCoreError) as error:
        raise PortalError(f"s3://{bucket}/{prefix}: cannot be listed: {error}") from error


def entries(s3: Any, bucket: str, prefix: str) -> tuple[list[str], list[str]]:
    """Folders and objects directly under a prefix, by their names there."""
    folders, objects = list[str](), list[str]()
    for page in _pages(s3, bucket, prefix):
        folders += [one["Prefix"][len(prefix) : -1] for one in page.get("CommonPrefixes", [])]
        objects += [one["Key"][len(prefix) :] for one in page.get("Contents", []) if one["Key"] != prefix]
    return folders, objects


def refuse_missing_workflow(s3: Any, bucket: str, key: str) -> None:
    """Raises PortalError, naming the workflows that there are."""
    keys = [one["Key"] for page in _pages(s3, bucket, "", "") for one in page.get("Contents", [])]
    if key not in keys:
        known = ", ".join(sorted(one for one in keys if one.endswith((".wdl", ".wdl.zip")))) or "none"
        raise PortalError(f"--swipe-wdl-key: {key!r}: must be a file in s3://{bucket}: {known}")


def number(argument: str, value: str) -> str:
    """The value, if it can be the number of a dataset or a deposition. Raises PortalError."""
    if not NUMBER.fullmatch(value):
        raise PortalError(f"{argument}: {value!r}: must be a number from 10000 on, as datasets and depositions have")
    return value


def numbered(s3: Any, bucket: str, folder: str, wanted: Sequence[str], argument: str) -> list[str]:
    """The datasets or depositions in a folder: all, or the wanted ones. Raises PortalError for what is no number of
    one, or not there."""
    for one in wanted:
        number(argument, one)
    prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
    there = [one for one in entries(s3, bucket, prefix)[0] if NUMBER.fullmatch(one)]
    if missing := [one for one in wanted if one not in there]:
        raise PortalError(f"{argument}: {missing[0]!r}: there is no such folder in s3://{bucket}/{prefix}")
    return list(dict.fromkeys(wanted)) or there


def named(given: Sequence[str], file: Path | None) -> list[str]:
    """The runs that the command line names, and those of ``file``, one a line; ``-`` is standard input.

    Raises PortalError for an empty name, which no run has, and for a file that cannot be read.
    """
    if empty := [one for one in given if not one.strip()]:
        raise PortalError(f"--run: {empty[0]!r}: must be a run's name")
    return [*given, *(_lines(file) if file else ())]


def _lines(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PortalError(f"--runs-file: {str(file)!r}: {error}") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def runs(s3: Any, bucket: str, prefix: str) -> list[str]:
    """The runs whose sources lie directly under a prefix: a folder each, or files that begin with the run's name."""
    folder = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    folders, objects = entries(s3, bucket, folder)
    return list(dict.fromkeys([*folders, *(PurePosixPath(one).stem for one in objects)]))


def chosen(names: Sequence[str], include: Sequence[str], exclude: Sequence[str], what: str) -> list[str]:
    """Those that match one of ``include`` (if any) and none of ``exclude``, from their begin on, as clients do.

    Raises PortalError for what is no regular expression.
    """
    wanted, unwanted = (_patterns(f"--filter-{what}", include), _patterns(f"--exclude-{what}", exclude))
    return [
        one
        for one in names
        if (not wanted or any(pattern.match(one) for pattern in wanted))
        and not any(pattern.match(one) for pattern in unwanted)
    ]


def _patterns(argument: str, given: Sequence[str]) -> list[re.Pattern[str]]:
    try:
        return [re.compile(one) for one in given]
    except re.error as error:
        raise PortalError(f"{argument}: {error.pattern!r}: is no regular expression: {error}") from error
