"""The arguments of the portal's `allure_tests.py`, for datasets and for the sources of one."""

import argparse
from typing import Final

WITHOUT_EFFECT: Final = {
    "--extra-args": "there is no pytest to give them to",
    "--local-dir": "the report is written into the bucket alone",
    "--no-multiprocessing": "there is one process anyway",
}
"""Why an argument has none, by argument."""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m examples.validation", allow_abbrev=False)
    what = top.add_mutually_exclusive_group(required=True)
    what.add_argument("--datasets", help="numbers of datasets in the bucket, with commas between them")
    what.add_argument("--ingestion-config", help="configuration of the dataset whose sources are in the bucket")
    top.add_argument("--input-bucket", help="left out, with --datasets: cryoet-data-portal-staging")
    top.add_argument("--output-bucket", default="cryoet-data-portal-staging")
    top.add_argument("--output-dir", help="left out: data_validation or source_validation")
    top.add_argument("--history", action=argparse.BooleanOptionalAction, default=True, help="no: one report for all")
    top.add_argument("--update-s3", action=argparse.BooleanOptionalAction, default=True, help="no: nothing is written")
    top.add_argument("--extra-args", help=f"ignored: {WITHOUT_EFFECT['--extra-args']}")
    top.add_argument("--local-dir", help=f"ignored: {WITHOUT_EFFECT['--local-dir']}")
    top.add_argument("--multiprocessing", dest="no_multiprocessing", action="store_false", default=False)
    top.add_argument(
        "--no-multiprocessing", action="store_true", help=f"ignored: {WITHOUT_EFFECT['--no-multiprocessing']}"
    )
    return top


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """With the defaults of the portal's tool for what is left out."""
    command = parser()
    given = command.parse_args(arguments)
    if given.input_bucket is None:
        if given.ingestion_config:
            command.error("--input-bucket: must be given with --ingestion-config")
        given.input_bucket = "cryoet-data-portal-staging"
    if given.output_dir is None:
        given.output_dir = "data_validation" if given.datasets else "source_validation"
    return given
