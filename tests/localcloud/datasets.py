"""Datasets in a bucket as an ingest leaves them, with made-up documents and objects of a few bytes."""

from __future__ import annotations

import json
from typing import Any


class Datasets:
    """Writes into one bucket."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3, self.bucket = s3, bucket

    def put(self, key: str, document: object) -> None:
        body = document if isinstance(document, str) else json.dumps(document)
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def delete(self, key: str) -> None:
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def dataset(self, number: int, *runs: str, title: str = "A dataset") -> None:
        self.put(f"{number}/dataset_metadata.json", {"dataset_title": title})
        for run in runs:
            self.put(f"{number}/{run}/run_metadata.json", {"run_name": run})
            self.tomogram(number, run)

    def tomogram(self, number: int, run: str, tomogram: int = 100, **more: Any) -> str:
        """A tomogram with an MRC of 10 bytes and an OME-Zarr of 3; the key of its metadata document."""
        folder = tomogram_folder(number, run, tomogram)
        mrc, zarr = f"{folder}/{run}.mrc", f"{folder}/{run}.zarr"
        self.put(mrc, "0123456789")
        self.put(f"{zarr}/.zattrs", "{}")
        self.put(f"{zarr}/0/0/0/0", "0")
        self.put(f"{zarr}.bak/0", "not of the OME-Zarr")
        document = {
            "run_name": run,
            "voxel_spacing": 10.0,
            "size": {"x": 4, "y": 3, "z": 2},
            "mrc_file": mrc,
            "omezarr_dir": zarr,
            **more,
        }
        self.put(f"{folder}/tomogram_metadata.json", document)
        return f"{folder}/tomogram_metadata.json"


def tomogram_folder(number: int, run: str, tomogram: int = 100) -> str:
    return f"{number}/{run}/Reconstructions/VoxelSpacing10.000/Tomograms/{tomogram}"
