"""What an import reads: a dataset's metadata documents, and listings for sizes."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from examples.importer.arguments import Wanted
from examples.ingest.bucket import Bucket, Stored
from examples.ingest.errors import InvalidInputFileError

Row = dict[str, Any]
_DATASET = re.compile(r"(\d+)/dataset_metadata\.json")


def rows(bucket: Bucket, wanted: Wanted) -> Iterator[Row]:
    """The rows of all that is wanted.

    Raises:
        InvalidInputFileError: a dataset or a deposition has no metadata document
    """
    for number in wanted.depositions:
        document = _read(bucket, f"depositions_metadata/{number}/deposition_metadata.json")
        yield {"table": "deposition", "id": int(number), "title": document["deposition_title"]}
    for dataset in [wanted.dataset] if wanted.dataset else _datasets(bucket):
        if not wanted.only or dataset in wanted.only:
            yield from _dataset(bucket, wanted, dataset)


def _datasets(bucket: Bucket) -> list[str]:
    return sorted(match[1] for key in bucket.objects("") if (match := _DATASET.fullmatch(key)))


def _dataset(bucket: Bucket, wanted: Wanted, dataset: str) -> Iterator[Row]:
    described = _read(bucket, f"{dataset}/dataset_metadata.json")
    yield {
        "table": "dataset", "id": int(dataset), "title": described["dataset_title"], "s3_prefix": _s3(bucket, dataset),
    }  # fmt: skip
    if not wanted.runs:
        return
    objects = bucket.objects(f"{dataset}/")
    for key in sorted(objects):
        if key.endswith("/run_metadata.json"):
            yield {"table": "run", "dataset_id": int(dataset), "name": _read(bucket, key)["run_name"]}
    for key in sorted(objects) if wanted.tomograms else []:
        if key.endswith("/tomogram_metadata.json"):
            yield _tomogram(bucket, wanted, objects, _read(bucket, key))


def _tomogram(bucket: Bucket, wanted: Wanted, objects: Mapping[str, Stored], document: Row) -> Row:
    mrc, zarr = document["mrc_file"], document["omezarr_dir"]
    return {
        "table": "tomogram",
        "run": document["run_name"],
        "voxel_spacing": document["voxel_spacing"],
        "size": document["size"],
        "https_mrc_file": f"{wanted.https_prefix}/{mrc}" if mrc else None,
        "s3_omezarr_dir": _s3(bucket, zarr) if zarr else None,
        "file_size_mrc": objects[mrc].size if mrc else None,
        "file_size_omezarr": sum(item.size for name, item in objects.items() if zarr and name.startswith(f"{zarr}/")),
    }


def _read(bucket: Bucket, key: str) -> Row:
    body = bucket.read(key)
    if body is None:
        raise InvalidInputFileError(f"s3://{bucket.name}/{key} is missing")
    document: Row = json.loads(body)
    return document


def _s3(bucket: Bucket, key: str) -> str:
    return f"s3://{bucket.name}/{key}"
