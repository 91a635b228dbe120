"""What an import reads: a dataset's metadata documents, and listings for sizes."""

import json
import re
from bisect import bisect_left
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

from examples.importer.arguments import Wanted
from examples.importer.tables import DATASETS, DEPOSITIONS, RUNS, TOMOGRAMS, Table
from examples.ingest.bucket import THREADS, Bucket, Stored
from examples.ingest.errors import InvalidInputFileError

Row = dict[str, Any]
Tables = list[tuple[Table, list[Row]]]
_DATASET_METADATA: Final = "dataset_metadata.json"
_DATASET = re.compile(r"(\d+)/")
_RUN = re.compile(r"\d+/[^/]+/run_metadata\.json")
_TOMOGRAM = re.compile(r"\d+/[^/]+/Reconstructions/VoxelSpacing[^/]+/Tomograms/(\d+)/tomogram_metadata\.json")


@dataclass(frozen=True)
class Owner:
    """A dataset or a deposition, whose rows are imported together; its number is that of its folder."""

    kind: Literal["dataset", "deposition"]
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


def owners(bucket: Bucket, wanted: Wanted) -> list[Owner]:
    """
    Whose rows are wanted; depositions before datasets.

    Raises:
        InvalidInputFileError: a folder that is no number
    """
    chosen = [wanted.dataset] if wanted.dataset else _datasets(bucket)
    numbered: list[tuple[Literal["dataset", "deposition"], str]] = [
        *(("deposition", number) for number in wanted.depositions),
        *(("dataset", folder) for folder in chosen if not wanted.only or folder in wanted.only),
    ]
    if wrong := [f"{kind} {name!r}" for kind, name in numbered if not name.isdecimal()]:
        raise InvalidInputFileError(f"{', '.join(wrong)}: must be a number")
    return [Owner(kind, int(name)) for kind, name in numbered]


def _datasets(bucket: Bucket) -> list[str]:
    numbered = (match[1] for folder in bucket.folders() if (match := _DATASET.fullmatch(folder)))
    return [number for number in numbered if bucket.has(f"{number}/{_DATASET_METADATA}")]


def read(bucket: Bucket, wanted: Wanted, owner: Owner) -> Tables:
    """
    A deposition's row; or a dataset's, and those of what belongs to the dataset as far as they are wanted.

    Raises:
        InvalidInputFileError: a metadata document is missing or lacks something
    """
    if owner.kind == "deposition":
        document = _Document.read(bucket, f"depositions_metadata/{owner.number}/deposition_metadata.json")
        return [(DEPOSITIONS, [{"id": owner.number, "title": document.value("deposition_title")}])]
    return _dataset(bucket, wanted, owner.number)


def _dataset(bucket: Bucket, wanted: Wanted, number: int) -> Tables:
    places = _Places(bucket.name, wanted.https_prefix)
    title = _Document.read(bucket, f"{number}/{_DATASET_METADATA}").value("dataset_title")
    tables: Tables = [(DATASETS, [{"id": number, "title": title, **places.prefixes(str(number))}])]
    objects = bucket.objects(f"{number}/") if wanted.runs else {}
    if wanted.runs:
        documents = _read_all(bucket, objects, _RUN)
        tables.append((RUNS, [_run(document, number, places) for document in documents]))
    if wanted.tomograms:
        documents, sizes = _read_all(bucket, objects, _TOMOGRAM), _Sizes(objects)
        tables.append((TOMOGRAMS, [_tomogram(document, number, places, sizes) for document in documents]))
    return tables


@dataclass(frozen=True)
class _Document:
    """A metadata document, with its key in the bucket for what is wrong with it."""

    uri: str
    key: str
    content: Row

    @classmethod
    def read(cls, bucket: Bucket, key: str) -> "_Document":
        uri, body = f"s3://{bucket.name}/{key}", bucket.read(key)
        if body is None:
            raise InvalidInputFileError(f"{uri} is missing")
        try:
            content = json.loads(body)
        except ValueError as error:
            raise InvalidInputFileError(f"{uri}: is not JSON: {error}") from error
        if not isinstance(content, dict):
            raise InvalidInputFileError(f"{uri}: must be a JSON object")
        return cls(uri, key, content)

    def value(self, *path: str) -> Any:
        """What stands under a key, or a key in that."""
        found: Any = self.content
        for name in path:
            if not isinstance(found, dict) or name not in found:
                raise InvalidInputFileError(f"{self.uri}: {'.'.join(path)} is missing")
            found = found[name]
        return found


def _read_all(bucket: Bucket, objects: Mapping[str, Stored], keys: re.Pattern[str]) -> list[_Document]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda key: _Document.read(bucket, key), sorted(filter(keys.fullmatch, objects))))


@dataclass(frozen=True)
class _Places:
    """Where anything in the bucket is: there, and on the web."""

    bucket: str
    https_prefix: str

    def s3(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def https(self, key: str) -> str:
        return f"{self.https_prefix}/{quote(key)}"

    def prefixes(self, key: str) -> Row:
        return {"s3_prefix": self.s3(key), "https_prefix": self.https(key)}


def _run(document: _Document, dataset_id: int, places: _Places) -> Row:
    folder = document.key.rpartition("/")[0]
    return {"dataset_id": dataset_id, "name": document.value("run_name"), **places.prefixes(folder)}


class _Sizes:
    """Of objects and folders; sorted, because a dataset has millions of objects and thousands of folders."""

    def __init__(self, objects: Mapping[str, Stored]) -> None:
        self._objects, self._keys = objects, sorted(objects)

    def of_object(self, document: _Document, key: str) -> int:
        return sum(self._existing(document, key, [key] if key in self._objects else []))

    def of_folder(self, document: _Document, folder: str) -> int:
        first, after = (bisect_left(self._keys, folder + end) for end in "/0")  # in this order of characters
        return sum(self._existing(document, folder, self._keys[first:after]))

    def _existing(self, document: _Document, name: str, keys: list[str]) -> list[int]:
        if not keys:
            raise InvalidInputFileError(f"{document.uri}: names {name}, which is not there")
        return [self._objects[key].size for key in keys]


def _tomogram(document: _Document, dataset_id: int, places: _Places, sizes: _Sizes) -> Row:
    number = _TOMOGRAM.fullmatch(document.key)
    assert number is not None, "the document was chosen by it"  # noqa: S101
    mrc, zarr = document.value("mrc_file"), document.value("omezarr_dir")
    return {
        "dataset_id": dataset_id,
        "run": document.value("run_name"),
        "voxel_spacing": document.value("voxel_spacing"),
        "number": int(number[1]),
        **{f"size_{axis}": document.value("size", axis) for axis in "xyz"},
        "s3_mrc_file": mrc and places.s3(mrc),
        "https_mrc_file": mrc and places.https(mrc),
        "file_size_mrc": mrc and sizes.of_object(document, mrc),
        "s3_omezarr_dir": zarr and places.s3(zarr),
        "https_omezarr_dir": zarr and places.https(zarr),
        "file_size_omezarr": zarr and sizes.of_folder(document, zarr),
    }
