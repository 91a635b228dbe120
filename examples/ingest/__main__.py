"""
The command line that the workflow calls, with the arguments of the portal's `standardize_dirs.py convert`.

Flags that this tool has no use for are refused by name, not passed over. A failure that someone can mend ends with a
line of JSON on stderr, which the runner hands on as the job's error.
"""

import argparse
import json
import logging
import sys

from examples.ingest.bucket import Bucket
from examples.ingest.config import read_configuration
from examples.ingest.convert import Options, convert
from examples.ingest.errors import InvalidInputFileError
from examples.ingest.layout import split_output_path

log = logging.getLogger("ingest")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m examples.ingest", allow_abbrev=False)
    command = top.add_subparsers(dest="command", required=True).add_parser("convert", allow_abbrev=False)
    command.add_argument("config_file")
    command.add_argument("input_bucket")
    command.add_argument("output_path", help="bucket or bucket/prefix")
    command.add_argument("--filter-dataset-name", action="append", default=[], metavar="REGEX")
    command.add_argument("--filter-run-name", action="append", default=[], metavar="REGEX")
    command.add_argument("--force-overwrite", action="store_true", help="upload what is there already too")
    command.add_argument("--https-prefix", default="", help="where the output is on the web")
    for what in ("everything", "tomograms", "metadata"):
        command.add_argument(f"--import-{what}", action="store_true", help="a tomogram comes with its metadata anyway")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 with a line of JSON at the end of stderr."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    given = parser().parse_args(arguments)
    try:
        bucket, prefix = split_output_path(given.output_path)
        output = Bucket(bucket)
        options = Options(
            run=tuple(given.filter_run_name),
            dataset=tuple(given.filter_dataset_name),
            force=given.force_overwrite,
            https_prefix=given.https_prefix,
        )
        runs = convert(read_configuration(given.config_file), Bucket(given.input_bucket), output, prefix, options)
    except InvalidInputFileError as error:
        said = {"wdl_error_message": True, "error": type(error).__name__, "cause": str(error)}
        sys.stderr.write(json.dumps(said) + "\n")
        return 1
    counts = output.counts
    log.info(
        "%s: %d objects uploaded, %d the same, %d deleted",
        ", ".join(runs), counts.uploaded, counts.skipped, counts.deleted,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
