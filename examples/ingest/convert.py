"""
From the source bucket to the portal's layout, one tomogram a run.

The order of writing is the contract: MRC, then the zarr's chunks, then what makes the zarr readable (`.zattrs`,
`.zgroup`), then `tomogram_metadata.json`. A tomogram without its metadata is half written: the next run takes its
number over, keeps the objects that are right already, and deletes those in its zarr that don't belong there. Metadata
of dataset and run is the same for every job of theirs.
"""

import json
import logging
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from examples.ingest.bucket import Bucket, Stored
from examples.ingest.config import Configuration
from examples.ingest.errors import InvalidInputFileError
from examples.ingest.layout import Layout, TomogramKeys
from examples.ingest.volumes import Volume, pyramid, read_mrc, write_mrc, write_zarr

FIRST_IDENTIFIER = 100
DESCRIPTIONS = {".zattrs", ".zgroup"}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Names:
    """Regular expressions for names, from their beginning on: one of the first must match, if there are any, and none
    of the second may."""

    wanted: Sequence[str] = ()
    excluded: Sequence[str] = ()

    def has(self, name: str) -> bool:
        if any(re.match(pattern, name) for pattern in self.excluded):
            return False
        return not self.wanted or any(re.match(pattern, name) for pattern in self.wanted)

    def __str__(self) -> str:
        return json.dumps(list(self.wanted)) + (f" but not {json.dumps(list(self.excluded))}" if self.excluded else "")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a call may choose: which runs, and what of each is written.

    Attributes:
        voxel_spacings: by their names in folders, like `10.000`
        force: upload what is there already too
        https_prefix: where the output bucket is on the web
    """

    datasets: Names = Names()
    runs: Names = Names()
    voxel_spacings: Names = Names()
    mrc: bool = True
    zarr: bool = True
    tomogram_metadata: bool = True
    run_metadata: bool = True
    dataset_metadata: bool = True
    force: bool = False
    https_prefix: str = ""

    @property
    def tomograms(self) -> bool:
        """Whether a source has to be read."""
        return self.mrc or self.zarr or self.tomogram_metadata


def convert(configuration: Configuration, source: Bucket, output: Bucket, prefix: str, options: Options) -> list[str]:
    """Ingest every run of the dataset that the options let through.

    Returns:
        the runs

    Raises:
        InvalidInputFileError: a source is not what it should be, or there is none
    """
    dataset = configuration.dataset
    if not options.datasets.has(str(dataset.dataset_identifier)):
        raise InvalidInputFileError(f"dataset {dataset.dataset_identifier} does not match {options.datasets}")
    folder = configuration.tomograms.source_prefix.strip("/") + "/"
    sources = {key.removeprefix(folder).removesuffix(".mrc"): key for key in source.objects(folder) if _is_mrc(key)}
    runs = sorted(run for run in sources if "/" not in run and options.runs.has(run))
    if not runs:
        raise InvalidInputFileError(f"no run in s3://{source.name}/{folder} matches {options.runs}")
    for run in runs:
        layout = Layout(prefix=prefix, dataset=dataset.dataset_identifier, run=run)
        log.info("run %s: s3://%s/%s", run, source.name, sources[run])
        if options.tomograms:
            Ingest(configuration, output, layout, options).run(source, sources[run])
        if options.run_metadata:
            output.write_json({"run_name": run}, layout.run_metadata)
        if options.dataset_metadata:
            output.write_json(dataset.model_dump(), layout.dataset_metadata)
    return runs


def _is_mrc(key: str) -> bool:
    return key.endswith(".mrc")


class Ingest:
    """One tomogram on its way."""

    def __init__(self, configuration: Configuration, output: Bucket, layout: Layout, options: Options) -> None:
        self._settings = configuration.tomograms
        self._output = output
        self._layout = layout
        self._options = options

    def run(self, source: Bucket, key: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            original = Path(folder) / "source" / Path(key).name  # faults name the file
            source.download(key, original)
            volume, spacing = self._volume(original, key)
            if not self._options.voxel_spacings.has(f"{spacing:.3f}"):
                log.info("voxel spacing %.3f does not match %s", spacing, self._options.voxel_spacings)
                return
            keys = self._layout.tomogram(spacing, self._identifier(spacing, f"s3://{source.name}/{key}"))
            levels = pyramid(volume)
            self._write(keys, levels, spacing, Path(folder))
            if self._options.tomogram_metadata:
                described = self._metadata(keys, levels, spacing, f"s3://{source.name}/{key}")
                self._output.write_json(described, keys.metadata)

    def _volume(self, path: Path, key: str) -> tuple[Volume, float]:
        volume, found = read_mrc(path)
        wanted = self._settings.voxel_spacing
        if wanted is None and not found:
            raise InvalidInputFileError(f"{key}: no voxel spacing, neither in the header nor in the configuration")
        if wanted is not None and found and abs(wanted - found) > 1e-3 * wanted:
            raise InvalidInputFileError(
                f"{key}: voxel spacing is {found:.3f} in the header, {wanted:.3f} as configured"
            )
        return volume, round(wanted or found, 3)

    def _identifier(self, spacing: float, source: str) -> int:
        """The number of the tomogram made of `source`: the one that it has, else the first without metadata."""
        taken: dict[int, str] = {}
        folder = self._layout.tomograms(spacing)
        for key in self._output.objects(folder):
            number, _, name = key.removeprefix(folder).partition("/")
            if name == "tomogram_metadata.json":
                body = self._output.read(key)
                taken[int(number)] = json.loads(body or b"{}").get("source", "")
        mine = [number for number, owner in taken.items() if owner == source]
        return mine[0] if mine else next(number for number in count(FIRST_IDENTIFIER) if number not in taken)

    def _write(self, keys: TomogramKeys, levels: list[Volume], spacing: float, folder: Path) -> None:
        """Upload what was asked for, in the order that is the contract."""
        present = self._output.objects(keys.folder)
        if self._options.mrc:
            mrc = folder / "tomogram.mrc"
            write_mrc(mrc, levels[0], spacing)
            self._output.publish([(mrc, keys.mrc)], present, force=self._options.force)
        if self._options.zarr:
            zarr = folder / "tomogram.zarr"
            write_zarr(zarr, levels, spacing, self._settings.chunk, self._layout.run)
            self._publish_zarr(keys, zarr, present)

    def _publish_zarr(self, keys: TomogramKeys, zarr: Path, present: dict[str, Stored]) -> None:
        files = [file for file in sorted(zarr.rglob("*")) if file.is_file()]
        pairs = [(file, f"{keys.zarr}/{file.relative_to(zarr).as_posix()}") for file in files]
        chunks = [pair for pair in pairs if pair[0].name not in DESCRIPTIONS]
        descriptions = [pair for pair in pairs if pair[0].name in DESCRIPTIONS]
        if strays := {key for key in present if key.startswith(f"{keys.zarr}/")} - {key for _, key in pairs}:
            log.warning("%d objects of an earlier attempt do not belong to %s", len(strays), keys.zarr)
            self._output.delete(strays)
        for step in (chunks, descriptions):
            self._output.publish(step, present, force=self._options.force)

    def _metadata(self, keys: TomogramKeys, levels: list[Volume], spacing: float, source: str) -> dict[str, Any]:
        size = dict(zip(("z", "y", "x"), levels[0].shape, strict=True))
        web, present = self._options.https_prefix.rstrip("/"), self._output.objects(keys.folder)
        mrc = keys.mrc if keys.mrc in present else None
        zarr = keys.zarr if f"{keys.zarr}/.zattrs" in present else None
        on_the_web = {"https_mrc_file": mrc, "https_omezarr_dir": zarr} if web else {}
        return {
            "run_name": self._layout.run,
            "voxel_spacing": spacing,
            "size": size,
            "scales": [dict(zip(("z", "y", "x"), level.shape, strict=True)) for level in levels],
            "mrc_file": mrc,
            "omezarr_dir": zarr,
            **{name: f"{web}/{key}" for name, key in on_the_web.items() if key},
            "reconstruction_method": self._settings.reconstruction_method,
            "processing": self._settings.processing,
            "source": source,
        }
