"""The command line; flags that it has no use for are refused by name."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from examples.ingest.bucket import Bucket

Row = dict[str, Any]
SCHEMES = ("postgresql://", "postgresql+psycopg://")


def rows(bucket: Bucket, https_prefix: str, dataset: str) -> Iterator[Row]:
    """The rows of a dataset, its runs and their tomograms.

    Raises:
        LookupError: the dataset has no metadata document
    """
    objects = bucket.objects(f"{dataset}/")
    documents = {key: bucket.read(key) or b"{}" for key in sorted(objects) if key.endswith("_metadata.json")}
    described = documents.get(f"{dataset}/dataset_metadata.json")
    if described is None:
        raise LookupError(f"s3://{bucket.name}/{dataset}/dataset_metadata.json is missing")
    found: Row = json.loads(described)
    yield {"table": "dataset", "id": int(dataset), "title": found["dataset_title"], "s3_prefix": _s3(bucket, dataset)}
    for key, body in documents.items():
        if key.endswith("/run_metadata.json"):
            yield {"table": "run", "dataset_id": int(dataset), "name": json.loads(body)["run_name"]}
    for key, body in documents.items():
        if key.endswith("/tomogram_metadata.json"):
            tomogram: Row = json.loads(body)
            mrc, zarr = tomogram["mrc_file"], tomogram["omezarr_dir"]
            yield {
                "table": "tomogram",
                "run": tomogram["run_name"],
                "voxel_spacing": tomogram["voxel_spacing"],
                "size": tomogram["size"],
                "https_mrc_file": f"{https_prefix.rstrip('/')}/{mrc}",
                "s3_omezarr_dir": _s3(bucket, zarr),
                "file_size_mrc": objects[mrc].size,
                "file_size_omezarr": sum(item.size for name, item in objects.items() if name.startswith(f"{zarr}/")),
            }


def _s3(bucket: Bucket, key: str) -> str:
    return f"s3://{bucket.name}/{key}"


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 1 with the reason on stderr."""
    top = argparse.ArgumentParser(prog="python -m examples.importer", allow_abbrev=False)
    command = top.add_subparsers(dest="command", required=True).add_parser("load", allow_abbrev=False)
    command.add_argument("s3_bucket")
    command.add_argument("https_prefix")
    command.add_argument("--postgres_url", required=True)
    command.add_argument("--s3-prefix", action="append", required=True, metavar="DATASET")
    command.add_argument("--import-everything", action="store_true", help="there is no part that is left out")
    given = top.parse_args(arguments)
    if not given.postgres_url.startswith(SCHEMES):
        sys.stderr.write(f"the database's URI must begin with one of {', '.join(SCHEMES)}\n")
        return 1
    bucket = Bucket(given.s3_bucket)
    try:
        for dataset in given.s3_prefix:
            for row in rows(bucket, given.https_prefix, dataset.strip("/")):
                sys.stdout.write(json.dumps(row) + "\n")
    except LookupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
