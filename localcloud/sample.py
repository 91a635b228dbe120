"""A small dataset in the portal's key layout, for trying the way from staging to the public bucket.

The tomogram is a ball, brighter than what surrounds it: a valid MRC 2014 file, made with the standard library.
"""

from __future__ import annotations

import json
import struct
from array import array

DATASET, RUN, TOMOGRAM = "10000", "TS_001", "100"
SIZE = 32
"""Voxels along each axis."""
VOXEL_SPACING = 10.0
"""Angstrom."""


def _mrc() -> bytes:
    """MRC 2014, mode 2 (float32), little-endian: a header of 1,024 bytes, then z, y, x."""
    middle, radius = (SIZE - 1) / 2, SIZE / 3
    voxels = array("f")
    for z in range(SIZE):
        for y in range(SIZE):
            for x in range(SIZE):
                inside = (z - middle) ** 2 + (y - middle) ** 2 + (x - middle) ** 2 < radius**2
                voxels.append(1.0 if inside else 0.0)
    header = bytearray(1024)
    side = SIZE * VOXEL_SPACING
    struct.pack_into(
        "<10i6f3i", header, 0, SIZE, SIZE, SIZE, 2, 0, 0, 0, SIZE, SIZE, SIZE, side, side, side, 90, 90, 90, 1, 2, 3
    )
    struct.pack_into("<3fi", header, 76, 0.0, 1.0, sum(voxels) / len(voxels), 1)
    header[208:216] = b"MAP \x44\x44\x00\x00"
    return bytes(header) + voxels.tobytes()


def objects() -> dict[str, tuple[str, bytes]]:
    """Content type and body by key."""
    run = f"{DATASET}/{RUN}"
    folder = f"{run}/Reconstructions/VoxelSpacing{VOXEL_SPACING:.3f}/Tomograms/{TOMOGRAM}"
    documents = {
        f"{DATASET}/dataset_metadata.json": {"dataset_identifier": int(DATASET), "dataset_title": "A ball"},
        f"{run}/run_metadata.json": {"run_name": RUN},
        f"{folder}/tomogram_metadata.json": {
            "voxel_spacing": VOXEL_SPACING,
            "size": {"x": SIZE, "y": SIZE, "z": SIZE},
            "mrc_file": f"{folder}/{RUN}.mrc",
        },
    }
    found = {key: ("application/json", json.dumps(value).encode()) for key, value in documents.items()}
    return found | {f"{folder}/{RUN}.mrc": ("application/octet-stream", _mrc())}
