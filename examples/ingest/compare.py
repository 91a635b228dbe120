"""
Whether a bucket holds the phantom, voxel by voxel: the MRC file with its header, and every level of the zarr.

    python -m examples.ingest.compare BUCKET[/PREFIX] [--dataset 10000] [--run TS_001] [--tomogram 100] [--anonymous]

What is compared with is computed from the phantom's definition and not by the code that made the output.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import numpy.typing as npt
import zarr

from examples.ingest.bucket import Bucket
from examples.ingest.layout import Layout, TomogramKeys, split_output_path
from examples.ingest.phantom import SPACING, phantom
from examples.ingest.volumes import LEVELS


def compare(bucket: Bucket, layout: Layout, tomogram: int = 100) -> list[str]:
    """All differences between a tomogram in a bucket and the phantom, none if it is the phantom."""
    keys = layout.tomogram(SPACING, tomogram)
    body = bucket.read(keys.metadata)
    if body is None:
        return [f"{keys.metadata} is missing"]
    with tempfile.TemporaryDirectory() as folder:
        mrc, pyramid = Path(folder) / "tomogram.mrc", Path(folder) / "tomogram.zarr"
        if not bucket.objects(keys.mrc):
            return [f"{keys.mrc} is missing"]
        bucket.download(keys.mrc, mrc)
        bucket.download_folder(f"{keys.zarr}/", pyramid)
        return [*_metadata(json.loads(body), keys), *_mrc(mrc), *_zarr(pyramid)]


def _metadata(found: dict[str, Any], keys: TomogramKeys) -> list[str]:
    sizes = [dict(zip("zyx", phantom(level).shape, strict=True)) for level in range(LEVELS)]
    wanted = {
        "voxel_spacing": SPACING,
        "size": sizes[0],
        "scales": sizes,
        "mrc_file": keys.mrc,
        "omezarr_dir": keys.zarr,
        "run_name": keys.run,
    }
    return [f"metadata {name}: {found.get(name)!r}, not {value!r}" for name, value in wanted.items()
            if found.get(name) != value]  # fmt: skip


def _mrc(path: Path) -> list[str]:
    wanted = phantom()
    nz, ny, nx = wanted.shape
    with mrcfile.open(path, permissive=False) as mrc:
        header: Any = mrc.header
        found = {
            **{name: int(header[name]) for name in ("nx", "ny", "nz", "mx", "my", "mz", "mode", "ispg")},
            **{name: int(header[name]) for name in ("mapc", "mapr", "maps", "nxstart", "nystart", "nzstart")},
            **{f"cella.{axis}": float(header.cella[axis]) for axis in "xyz"},
            **{name: float(header[name]) for name in ("dmin", "dmax", "dmean")},
        }
        differences = _voxels("MRC", np.asarray(mrc.data), wanted)
    expected = {
        "nx": nx, "ny": ny, "nz": nz, "mx": nx, "my": ny, "mz": nz, "mode": 2, "ispg": 1,
        "mapc": 1, "mapr": 2, "maps": 3, "nxstart": 0, "nystart": 0, "nzstart": 0,
        "cella.x": nx * SPACING, "cella.y": ny * SPACING, "cella.z": nz * SPACING,
        "dmin": float(wanted.min()), "dmax": float(wanted.max()), "dmean": float(wanted.mean(dtype=np.float64)),
    }  # fmt: skip
    wrong = [name for name, value in expected.items() if not np.isclose(found[name], value, rtol=1e-6)]
    return [f"MRC header {name}: {found[name]}, not {expected[name]}" for name in wrong] + differences


def _zarr(path: Path) -> list[str]:
    try:
        group = zarr.open_group(str(path), mode="r", zarr_format=2)
        described: Any = group.attrs["multiscales"]
        levels = [str(dataset["path"]) for dataset in described[0]["datasets"]]
        scales = [dataset["coordinateTransformations"][0]["scale"] for dataset in described[0]["datasets"]]
    except (FileNotFoundError, KeyError, IndexError) as error:
        return [f"zarr: not an OME-Zarr: {error!r}"]
    differences = []
    if levels != [str(level) for level in range(LEVELS)]:
        differences.append(f"zarr: levels {levels}, not {LEVELS}")
    if scales != [[SPACING * 2**level] * 3 for level in range(LEVELS)]:
        differences.append(f"zarr: scales {scales}")
    for level in range(LEVELS):
        differences += _level(path / str(level), level)
    return differences


def _level(path: Path, level: int) -> list[str]:
    """A chunk that isn't there would be read as zeros: so chunks are counted too."""
    try:
        array = zarr.open_array(str(path), mode="r", zarr_format=2)
    except FileNotFoundError:
        return [f"zarr level {level} is missing"]
    grid = [-(-length // chunk) for length, chunk in zip(array.shape, array.chunks, strict=True)]
    wanted = {f"{z}/{y}/{x}" for z, y, x in np.ndindex(*grid)}
    found = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file() and file.name[0] != "."}
    differences = [f"zarr level {level}: chunk {key} is missing" for key in sorted(wanted - found)]
    differences += [f"zarr level {level}: {key} is no chunk of it" for key in sorted(found - wanted)]
    return differences or _voxels(f"zarr level {level}", np.asarray(array[:]), phantom(level))


def _voxels(name: str, found: npt.NDArray[Any], wanted: npt.NDArray[np.float32]) -> list[str]:
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return [f"{name}: {found.dtype} {found.shape}, not {wanted.dtype} {wanted.shape}"]
    wrong = np.argwhere(found != wanted)
    if not len(wrong):
        return []
    first = tuple(int(index) for index in wrong[0])
    return [f"{name}: {len(wrong)} of {wanted.size} voxels differ, first {first}: {found[first]}, not {wanted[first]}"]


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 if all is as it should be, 1 with the differences on stderr."""
    parser = argparse.ArgumentParser(prog="python -m examples.ingest.compare")
    parser.add_argument("path", help="bucket or bucket/prefix")
    parser.add_argument("--dataset", type=int, default=10000)
    parser.add_argument("--run", default="TS_001")
    parser.add_argument("--tomogram", type=int, default=100)
    parser.add_argument("--anonymous", action="store_true", help="read as anyone can")
    given = parser.parse_args(arguments)
    name, prefix = split_output_path(given.path)
    layout = Layout(prefix=prefix, dataset=given.dataset, run=given.run)
    differences = compare(Bucket(name, anonymous=given.anonymous), layout, given.tomogram)
    for difference in differences:
        sys.stderr.write(f"{difference}\n")
    if not differences:
        voxels = sum(phantom(level).size for level in range(LEVELS)) + phantom().size
        sys.stdout.write(f"{given.path}: {voxels} voxels of the MRC file and {LEVELS} zarr levels are the phantom's\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
