"""Rows as imports write them."""

from __future__ import annotations

from typing import Any

DATASET, OTHER = 10000, 10001
HTTPS = "https://files.example.com"
BIG = 5_900_000_000
"""Bytes of a file: more than a GraphQL Int has."""


def deposition(number: int) -> dict[str, Any]:
    return {"id": number, "title": "A deposition"}


def dataset(number: int, title: str = "Phantom") -> dict[str, Any]:
    return {"id": number, "title": f"{title} {number}", **prefixes(f"{number}")}


def prefixes(key: str) -> dict[str, str]:
    return {"s3_prefix": f"s3://bucket/{key}", "https_prefix": f"{HTTPS}/{key}"}


def runs(number: int, *names: str) -> list[dict[str, Any]]:
    return [{"dataset_id": number, "name": name, **prefixes(f"{number}/{name}")} for name in names]


def tomograms(number: int, *runs: str) -> list[dict[str, Any]]:
    """Two in each run, of which the second has no zarr."""
    return [tomogram(number, run, identifier) for run in runs for identifier in (100, 101)]


def tomogram(number: int, run: str, identifier: int) -> dict[str, Any]:
    folder = f"{number}/{run}/Reconstructions/VoxelSpacing13.480/Tomograms/{identifier}/{run}"
    has_zarr = identifier == 100
    return {
        "dataset_id": number,
        "run": run,
        "voxel_spacing": 13.48,
        "number": identifier,
        **dict(zip(("size_x", "size_y", "size_z"), (112, 96, 80), strict=True)),
        "s3_mrc_file": f"s3://bucket/{folder}.mrc",
        "https_mrc_file": f"{HTTPS}/{folder}.mrc",
        "file_size_mrc": BIG,
        "s3_omezarr_dir": f"s3://bucket/{folder}.zarr" if has_zarr else None,
        "https_omezarr_dir": f"{HTTPS}/{folder}.zarr" if has_zarr else None,
        "file_size_omezarr": 1000 if has_zarr else None,
    }
