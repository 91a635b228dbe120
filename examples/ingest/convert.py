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
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from examples.ingest.bucket import Bucket
from examples.ingest.config import Configuration
from examples.ingest.errors import InvalidInputFileError
from examples.ingest.layout import Layout, TomogramKeys
from examples.ingest.volumes import Volume, pyramid, read_mrc, write_mrc, write_zarr

FIRST_IDENTIFIER = 100
DESCRIPTIONS = {".zattrs", ".zgroup"}
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a call may choose.

    Attributes:
        run: regular expressions that a run's name must match, one at least; empty: all runs
        dataset: the same for the dataset's number
        force: upload what is there already too
        https_prefix: where the output bucket is on the web
    """

    run: tuple[str, ...] = ()
    dataset: tuple[str, ...] = ()
    force: bool = False
    https_prefix: str = ""


def convert(configuration: Configuration, source: Bucket, output: Bucket, prefix: str, options: Options) -> list[str]:
    """Ingest every run of the dataset that the options let through.

    Returns:
        the runs

    Raises:
        InvalidInputFileError: a source is not what it should be, or there is none
    """
    dataset = configuration.dataset
    if not _passes(str(dataset.dataset_identifier), options.dataset):
        raise InvalidInputFileError(f"dataset {dataset.dataset_identifier} is not one of {list(options.dataset)}")
    folder = configuration.tomograms.source_prefix.strip("/") + "/"
    sources = {key.removeprefix(folder).removesuffix(".mrc"): key for key in source.objects(folder) if _is_mrc(key)}
    runs = sorted(run for run in sources if "/" not in run and _passes(run, options.run))
    if not runs:
        raise InvalidInputFileError(f"no run in s3://{source.name}/{folder} matches {list(options.run)}")
    for run in runs:
        layout = Layout(prefix=prefix, dataset=dataset.dataset_identifier, run=run)
        log.info("run %s: s3://%s/%s", run, source.name, sources[run])
        Ingest(configuration, output, layout, options).run(source, sources[run])
        output.write_json({"run_name": run}, layout.run_metadata)
        output.write_json(dataset.model_dump(), layout.dataset_metadata)
    return runs


def _is_mrc(key: str) -> bool:
    return key.endswith(".mrc")


def _passes(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(re.search(pattern, name) for pattern in patterns)


class Ingest:
    """One tomogram on its way."""

    def __init__(self, configuration: Configuration, output: Bucket, layout: Layout, options: Options) -> None:
        self._settings = configuration.tomograms
        self._output = output
        self._layout = layout
        self._options = options

    def run(self, source: Bucket, key: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            original = Path(folder) / "source.mrc"
            source.download(key, original)
            volume, spacing = self._volume(original, key)
            keys = self._layout.tomogram(spacing, self._identifier(spacing, f"s3://{source.name}/{key}"))
            levels = pyramid(volume)
            mrc, zarr = Path(folder) / "tomogram.mrc", Path(folder) / "tomogram.zarr"
            write_mrc(mrc, volume, spacing)
            write_zarr(zarr, levels, spacing, self._settings.chunk, self._layout.run)
            self._publish(keys, mrc, zarr)
            self._output.write_json(self._metadata(keys, levels, spacing, f"s3://{source.name}/{key}"), keys.metadata)

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

    def _publish(self, keys: TomogramKeys, mrc: Path, zarr: Path) -> None:
        present = self._output.objects(keys.folder)
        files = [file for file in sorted(zarr.rglob("*")) if file.is_file()]
        pairs = [(file, f"{keys.zarr}/{file.relative_to(zarr).as_posix()}") for file in files]
        chunks = [pair for pair in pairs if pair[0].name not in DESCRIPTIONS]
        descriptions = [pair for pair in pairs if pair[0].name in DESCRIPTIONS]
        if strays := {key for key in present if key.startswith(f"{keys.zarr}/")} - {key for _, key in pairs}:
            log.warning("%d objects of an earlier attempt do not belong to %s", len(strays), keys.zarr)
            self._output.delete(strays)
        for step in ([(mrc, keys.mrc)], chunks, descriptions):
            self._output.publish(step, present, force=self._options.force)

    def _metadata(self, keys: TomogramKeys, levels: list[Volume], spacing: float, source: str) -> dict[str, Any]:
        size = dict(zip(("z", "y", "x"), levels[0].shape, strict=True))
        web = self._options.https_prefix.rstrip("/")
        return {
            "run_name": self._layout.run,
            "voxel_spacing": spacing,
            "size": size,
            "scales": [dict(zip(("z", "y", "x"), level.shape, strict=True)) for level in levels],
            "mrc_file": keys.mrc,
            "omezarr_dir": keys.zarr,
            **({"https_mrc_file": f"{web}/{keys.mrc}", "https_omezarr_dir": f"{web}/{keys.zarr}"} if web else {}),
            "reconstruction_method": self._settings.reconstruction_method,
            "processing": self._settings.processing,
            "source": source,
        }
