"""The command line and the report."""

import argparse
import html
import io
import json
import sys
import tarfile
from dataclasses import asdict
from pathlib import Path

from examples.ingest.bucket import Bucket
from examples.ingest.config import read_configuration
from examples.ingest.errors import InvalidInputFileError
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
    """Exit status: 0 if the report was written, whatever it says; 1 with the reason as JSON on stderr."""
    parser = argparse.ArgumentParser(prog="python -m examples.validation", allow_abbrev=False)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--datasets", help="number of a dataset in the bucket")
    what.add_argument("--ingestion-config", help="configuration of the dataset whose sources are in the bucket")
    for name in ("--input-bucket", "--output-bucket", "--output-dir"):
        parser.add_argument(name, required=True)
    parser.add_argument("--extra-args", default="", help="nothing but '' is understood")
    parser.add_argument("--no-multiprocessing", action="store_true", help="there is one process anyway")
    parser.add_argument("--history", action="store_true", help="earlier reports stay as earlier versions anyway")
    given = parser.parse_args(arguments)
    if given.extra_args.strip():
        parser.error(f"--extra-args {given.extra_args!r}: no such arguments here")
    bucket, output = Bucket(given.input_bucket), Bucket(given.output_bucket)
    try:
        if given.datasets:
            name, checks = given.datasets, list(standardized(bucket, given.datasets))
        else:
            name = Path(given.ingestion_config).stem
            checks = list(source(bucket, read_configuration(given.ingestion_config)))
    except InvalidInputFileError as error:
        said = {"wdl_error_message": True, "error": type(error).__name__, "cause": str(error)}
        sys.stderr.write(json.dumps(said) + "\n")
        return 1
    report = page(f"{given.input_bucket} {name}", checks)
    folder = f"{given.output_dir.strip('/')}/{name}"
    output.write(f"{folder}.tar.gz", archive(report, checks), "application/gzip")
    output.write(f"{folder}/index.html", report.encode(), "text/html; charset=utf-8")
    for check in checks:
        sys.stdout.write(f"{check.fault or 'ok'}: {check.what} {check.where}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
