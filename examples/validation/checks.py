"""What is checked. A finding says where and what; a dataset without any is right."""

import json
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mrcfile

from examples.ingest.bucket import Bucket, Stored
from examples.ingest.config import Configuration
from examples.ingest.errors import InvalidInputFileError
from examples.ingest.volumes import read_mrc

HEADER_BYTES = 1024


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at; `fault` is empty if it is right."""

    where: str
    what: str
    fault: str = ""


def standardized(bucket: Bucket, dataset: str) -> Iterator[Check]:
    """Every tomogram of a dataset: its MRC file and its zarr are there, whole, and as the metadata says."""
    objects = bucket.objects(f"{dataset}/")
    there = f"{dataset}/dataset_metadata.json" in objects
    yield Check(where=f"{dataset}/", what="dataset metadata", fault="" if there else "missing")
    for key in sorted(key for key in objects if key.endswith("/tomogram_metadata.json")):
        metadata: dict[str, Any] = json.loads(bucket.read(key) or b"{}")
        if metadata["mrc_file"]:
            yield Check(where=key, what="MRC file", fault=_mrc_fault(bucket, objects, metadata))
        for level, size in enumerate(metadata["scales"] if metadata["omezarr_dir"] else []):
            folder = f"{metadata['omezarr_dir']}/{level}"
            yield Check(where=folder, what="zarr level", fault=_level_fault(bucket, objects, folder, size))


def _mrc_fault(bucket: Bucket, objects: dict[str, Stored], metadata: dict[str, Any]) -> str:
    key, size = metadata["mrc_file"], metadata["size"]
    if key not in objects:
        return "missing"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "header.mrc"
        path.write_bytes(bucket.read_range(key, HEADER_BYTES))
        with mrcfile.open(path, header_only=True) as mrc:
            header: Any = mrc.header
            found = {axis: int(header[f"n{axis}"]) for axis in "xyz"}
            spacing, mode = float(mrc.voxel_size.x), int(header.mode)
    if found != size:
        return f"size {found}, not {size}"
    if mode != 2 or not math.isclose(spacing, metadata["voxel_spacing"], rel_tol=1e-4):
        return f"mode {mode}, voxel spacing {spacing}"
    wanted = HEADER_BYTES + 4 * size["x"] * size["y"] * size["z"]
    return "" if objects[key].size == wanted else f"{objects[key].size} bytes, not {wanted}"


def _level_fault(bucket: Bucket, objects: dict[str, Stored], folder: str, size: dict[str, int]) -> str:
    body = bucket.read(f"{folder}/.zarray")
    if body is None:
        return "missing"
    described = json.loads(body)
    shape = [size["z"], size["y"], size["x"]]
    if described["shape"] != shape:
        return f"shape {described['shape']}, not {shape}"
    grid = [range(-(-length // chunk)) for length, chunk in zip(shape, described["chunks"], strict=True)]
    missing = [
        f"{z}/{y}/{x}" for z in grid[0] for y in grid[1] for x in grid[2] if f"{folder}/{z}/{y}/{x}" not in objects
    ]
    return f"chunks missing: {', '.join(missing)}" if missing else ""


def source(bucket: Bucket, configuration: Configuration) -> Iterator[Check]:
    """Every source that a configuration names: a tomogram, with the voxel spacing that is configured."""
    wanted = configuration.tomograms.voxel_spacing
    prefix = configuration.tomograms.source_prefix.strip("/") + "/"
    keys = sorted(key for key in bucket.objects(prefix) if key.endswith(".mrc"))
    if not keys:
        yield Check(where=prefix, what="sources", fault="none")
    for key in keys:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(key).name
            bucket.download(key, path)
            try:
                _, spacing = read_mrc(path)
            except InvalidInputFileError as error:
                yield Check(where=key, what="source", fault=str(error))
                continue
        wrong = wanted is not None and spacing and not math.isclose(spacing, wanted, rel_tol=1e-3)
        yield Check(where=key, what="source", fault=f"voxel spacing {spacing}, not {wanted}" if wrong else "")
