"""
Volumes: reading and writing MRC 2014 files, the pyramid of resolutions, and the OME-Zarr.

Arrays are float32 with the axes z, y, x. The zarr is of format 2 with one folder a level and chunk keys `z/y/x`, as
OME-NGFF 0.4 has it; each level has half the voxels of the one above along every axis.
"""

from pathlib import Path
from typing import Any, Final

import mrcfile
import numpy as np
import numpy.typing as npt

from examples.ingest.errors import InvalidInputFileError

LEVELS: Final = 3
LABEL: Final = "Standardized for the CryoET Data Portal"
Volume = npt.NDArray[np.float32]


def read_mrc(path: Path) -> tuple[Volume, float]:
    """A volume and its voxel spacing in angstrom (0.0: the header has none).

    Raises:
        InvalidInputFileError: not an MRC file, not a volume, or its voxels are no cubes
    """
    try:
        with mrcfile.open(path, permissive=False) as mrc:
            data, size = np.asarray(mrc.data), mrc.voxel_size
    except (ValueError, OSError) as error:
        raise InvalidInputFileError(f"{path.name}: not an MRC 2014 file: {error}") from error
    if data.ndim != 3:
        raise InvalidInputFileError(f"{path.name}: {data.ndim} axes, a tomogram has 3")
    spacings = sorted(float(size[axis]) for axis in ("x", "y", "z"))
    if spacings[2] - spacings[0] > 1e-3 * spacings[2]:
        raise InvalidInputFileError(f"{path.name}: voxel size {spacings} in angstrom, voxels must be cubes")
    return data.astype(np.float32), spacings[0]


def write_mrc(path: Path, volume: Volume, spacing: float) -> None:
    """Write a volume as MRC 2014, mode 2, with `spacing` in angstrom. Equal volumes give equal files."""
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(volume)
        mrc.set_volume()
        mrc.voxel_size = spacing
        mrc.update_header_stats()
        header: Any = mrc.header
        header.label[0] = LABEL  # in place of the library's own, which has the time of writing
        header.nlabl = 1


def halve(volume: Volume) -> Volume:
    """The mean of each cube of 2 x 2 x 2 voxels; an odd last plane counts as if it were there twice."""
    padded = np.pad(volume, [(0, length % 2) for length in volume.shape], mode="edge")
    z, y, x = (length // 2 for length in padded.shape)
    return padded.reshape(z, 2, y, 2, x, 2).mean(axis=(1, 3, 5), dtype=np.float64).astype(np.float32)


def pyramid(volume: Volume) -> list[Volume]:
    """The volume at all levels, the full one first."""
    levels = [volume]
    while len(levels) < LEVELS:
        levels.append(halve(levels[-1]))
    return levels


def write_zarr(path: Path, levels: list[Volume], spacing: float, chunk: int, name: str) -> None:
    """Write an OME-Zarr into a folder that doesn't exist yet."""
    import zarr  # a quarter of the start-up time of all that read or write MRC files

    group = zarr.open_group(str(path), mode="w-", zarr_format=2)
    for number, level in enumerate(levels):
        array = group.create_array(
            str(number),
            shape=level.shape,
            chunks=(chunk, chunk, chunk),
            dtype=level.dtype,
            chunk_key_encoding={"name": "v2", "separator": "/"},
            config={"write_empty_chunks": True},  # a missing chunk must be a fault, not a row of zeros
        )
        array[:] = level
    group.attrs["multiscales"] = [multiscale(spacing, len(levels), name)]


def multiscale(spacing: float, levels: int, name: str) -> dict[str, Any]:
    """The OME-NGFF 0.4 description of a pyramid."""
    return {
        "version": "0.4",
        "name": name,
        "axes": [{"name": axis, "type": "space", "unit": "angstrom"} for axis in ("z", "y", "x")],
        "datasets": [
            {
                "path": str(level),
                "coordinateTransformations": [{"type": "scale", "scale": [spacing * 2**level] * 3}],
            }
            for level in range(levels)
        ],
        "type": "mean",
    }
