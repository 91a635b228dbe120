"""
A tomogram of which every voxel is known, at every resolution.

Its value is a ramp plus a figure: `z/4 + y/8 + x/16`, and 100 inside two nested shells made of cubes of 4 x 4 x 4
voxels. The mean over a cube of 2, 4, ... voxels of a ramp is its value at the cube's centre, and the figure doesn't
change inside its own cubes: so each level of a pyramid of means has a value that can be written down without
computing a mean, and it is exact in float32. The sides differ, so that an exchange of axes shows.

    python -m examples.ingest.phantom FILE.mrc | s3://BUCKET/KEY.mrc
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from examples.ingest.bucket import Bucket
from examples.ingest.volumes import Volume, write_mrc

SHAPE: Final = (80, 96, 112)
"""Voxels along z, y, x: 3.4 MB."""
SPACING: Final = 10.0
"""Angstrom."""
CUBE: Final = 4
SHELLS: Final = ((0.55, 0.70), (0.85, 0.95))
"""Inner and outer radius, as parts of half the shortest side."""
INSIDE: Final = 100.0


def phantom(level: int = 0) -> Volume:
    """The phantom with `2**level` voxels in one along each axis; level 0, 1 or 2."""
    factor = 2**level
    if CUBE % factor:
        raise ValueError(f"level {level}: the figure is known for cubes of up to {CUBE} voxels")
    z, y, x = np.ogrid[tuple(slice(0, length // factor) for length in SHAPE)]
    centre = (factor - 1) / 2
    ramp = (z * factor + centre) / 4 + (y * factor + centre) / 8 + (x * factor + centre) / 16
    cubes = [axis * factor // CUBE for axis in (z, y, x)]
    middles = [(length // CUBE - 1) / 2 for length in SHAPE]
    distance = np.sqrt(sum((cube - middle) ** 2 for cube, middle in zip(cubes, middles, strict=True)))
    part = distance / (min(SHAPE) / CUBE / 2)
    figure = sum(((part >= inner) & (part < outer)) * INSIDE for inner, outer in SHELLS)
    return (ramp + figure).astype(np.float32)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.ingest.phantom", description="Make the known tomogram.")
    parser.add_argument("target", help="file, or s3://bucket/key")
    target: str = parser.parse_args(arguments).target
    if target.startswith("s3://"):
        bucket, _, key = target.removeprefix("s3://").partition("/")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "phantom.mrc"
            write_mrc(file, phantom(), SPACING)
            Bucket(bucket).upload(file, key)
    else:
        write_mrc(Path(target), phantom(), SPACING)
    print(f"{target}: {SHAPE} voxels (z, y, x) of {SPACING} angstrom")
    return 0


if __name__ == "__main__":
    sys.exit(main())
