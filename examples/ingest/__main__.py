"""
The command line that the workflow calls, with the arguments of the portal's `standardize_dirs.py convert`.

A failure that someone can mend ends with a line of JSON on stderr, which the runner hands on as the job's error.
"""

import argparse
import logging
import sys

from examples.command_line import fail, ignored
from examples.ingest.bucket import Bucket
from examples.ingest.config import read_configuration
from examples.ingest.convert import Names, Options, convert
from examples.ingest.entities import WITHOUT_EFFECT, add_arguments
from examples.ingest.errors import InvalidInputFileError
from examples.ingest.layout import split_output_path

log = logging.getLogger("ingest")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m examples.ingest", allow_abbrev=False)
    command = top.add_subparsers(dest="command", required=True).add_parser("convert", allow_abbrev=False)
    command.add_argument("config_file")
    command.add_argument("input_bucket")
    command.add_argument("output_path", help="bucket or bucket/prefix")
    command.add_argument("--https-prefix", default="", help="where the output is on the web")
    command.add_argument("--import-everything", action="store_true", help="the default, if nothing else is chosen")
    command.add_argument("--import-all-metadata", action="store_true", help="all documents, no volumes")
    for kind in ("mrc", "zarr"):
        command.add_argument(f"--write-{kind}", action=argparse.BooleanOptionalAction, default=True)
    command.add_argument("--force-overwrite", action="store_true", help="upload what is there already too")
    command.add_argument("--local-fs", action="store_true", help="refused: this ingest reads and writes buckets")
    add_arguments(command)
    return top


def options(given: argparse.Namespace) -> Options:
    """What the arguments ask for: everything, unless an `--import-…` chooses. (The portal's tool: nothing.)"""
    chosen = any(value for name, value in vars(given).items() if name.startswith("import_"))
    everything = given.import_everything or not chosen
    documents = everything or given.import_all_metadata
    return Options(
        datasets=Names(given.filter_dataset_name, given.exclude_dataset_name),
        runs=Names(given.filter_run_name, given.exclude_run_name),
        voxel_spacings=Names(given.filter_voxel_spacing_name, given.exclude_voxel_spacing_name),
        mrc=given.write_mrc and (everything or given.import_tomograms),
        zarr=given.write_zarr and (everything or given.import_tomograms),
        tomogram_metadata=documents or given.import_tomogram_metadata,
        run_metadata=documents or given.import_run_metadata,
        dataset_metadata=documents or given.import_dataset_metadata,
        force=given.force_overwrite,
        https_prefix=given.https_prefix,
    )


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 with a line of JSON at the end of stderr."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    command = parser()
    given = command.parse_args(arguments)
    if given.local_fs:
        command.error("--local-fs: this ingest reads and writes buckets alone")
    for line in ignored(given, WITHOUT_EFFECT):
        log.info("%s", line)
    try:
        bucket, prefix = split_output_path(given.output_path)
        output = Bucket(bucket)
        configuration = read_configuration(given.config_file)
        runs = convert(configuration, Bucket(given.input_bucket), output, prefix, options(given))
    except InvalidInputFileError as error:
        return fail(error)
    counts = output.counts
    log.info(
        "%s: %d objects uploaded, %d the same, %d deleted",
        ", ".join(runs), counts.uploaded, counts.skipped, counts.deleted,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
