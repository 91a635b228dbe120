"""The command line and the report."""

import argparse
import html
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from examples.command_line import fail, ignored
from examples.ingest.bucket import Bucket
from examples.ingest.config import read_configuration
from examples.ingest.errors import InvalidInputFileError
from examples.validation.arguments import WITHOUT_EFFECT, parse
from examples.validation.checks import Check, source, standardized


def page(title: str, checks: list[Check]) -> str:
    """The report as HTML."""
    rows = "".join(
        f"<tr><td>{html.escape(check.where)}<td>{html.escape(check.what)}<td>{html.escape(check.fault or 'ok')}"
        for check in checks
    )
    faults = sum(1 for check in checks if check.fault)
    return (
        f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>"
        f"<p>{len(checks)} checks, {faults} faults</p><table>{rows}</table>\n"
    )


def archive(report: str, checks: list[Check]) -> bytes:
    """The report and its findings as a .tar.gz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in (("index.html", report), ("checks.json", json.dumps([asdict(check) for check in checks]))):
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 if the reports were written, whatever they say; 1 with the reason as JSON on stderr."""
    given = parse(arguments)
    for line in ignored(given, WITHOUT_EFFECT):
        sys.stdout.write(f"{line}\n")
    try:
        for name, checks in _reports(given):
            if given.update_s3:
                _publish(Bucket(given.output_bucket), given, name, checks)
            for check in checks:
                sys.stdout.write(f"{check.fault or 'ok'}: {check.what} {check.where}\n")
    except InvalidInputFileError as error:
        return fail(error)
    return 0


def _reports(given: argparse.Namespace) -> Iterator[tuple[str, list[Check]]]:
    """Name and findings of each report."""
    bucket = Bucket(given.input_bucket)
    if given.ingestion_config:
        path = given.ingestion_config
        yield Path(path).stem, list(source(bucket, read_configuration(path)))
        return
    datasets = sorted(given.datasets.split(","))
    for one in datasets if given.history else [",".join(datasets)]:
        yield one, [check for dataset in one.split(",") for check in standardized(bucket, dataset)]


def _publish(output: Bucket, given: argparse.Namespace, name: str, checks: list[Check]) -> None:
    report = page(f"{given.input_bucket} {name}", checks)
    folder = f"{given.output_dir.strip('/')}/{name}"
    output.write(f"{folder}.tar.gz", archive(report, checks), "application/gzip")
    output.write(f"{folder}/index.html", report.encode(), "text/html; charset=utf-8")


if __name__ == "__main__":
    sys.exit(main())
