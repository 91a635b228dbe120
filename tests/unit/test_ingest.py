"""The example ingest without a bucket: the phantom, volumes, configuration, keys, command line."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import zarr
from hypothesis import strategies as st

from examples.ingest import __main__ as command
from examples.ingest.bucket import Stored
from examples.ingest.config import read_configuration
from examples.ingest.convert import Names
from examples.ingest.entities import WITHOUT_EFFECT
from examples.ingest.errors import InvalidInputFileError
from examples.ingest.layout import Layout, split_output_path
from examples.ingest.phantom import INSIDE, SHAPE, SPACING, phantom
from examples.ingest.phantom import main as make_phantom
from examples.ingest.volumes import Volume, halve, pyramid, read_mrc, write_mrc, write_zarr
from tests.untimed import given

EXAMPLE = "../dataset_configs/10000.yaml"


def test_pyramid_of_the_phantom_is_known() -> None:
    """Each level's means are exactly the values that the phantom's definition gives."""
    for level, found in enumerate(pyramid(phantom())):
        assert found.dtype == np.float32
        assert np.array_equal(found, phantom(level))


def test_phantom_shows_what_can_go_wrong() -> None:
    """An exchange of axes, a mirrored one or a shift by a voxel changes the phantom; it has shells and a ramp."""
    volume = phantom()
    assert volume.shape == SHAPE
    assert len(set(SHAPE)) == 3
    for axis in range(3):
        assert not np.array_equal(volume, np.flip(volume, axis))
        assert not np.array_equal(volume, np.roll(volume, 1, axis))
    z, y, x = np.ogrid[tuple(slice(0, length) for length in SHAPE)]
    assert set(np.unique(volume - (z / 4 + y / 8 + x / 16))) == {0.0, INSIDE}


@given(st.tuples(*[st.integers(1, 9)] * 3))
def test_halve_rounds_up(shape: tuple[int, int, int]) -> None:
    """An odd side keeps its last plane, and a constant stays what it is."""
    halved = halve(np.full(shape, 2.5, np.float32))
    assert halved.shape == tuple(-(-length // 2) for length in shape)
    assert (halved == 2.5).all()


def test_mrc_is_read_back_and_valid(tmp_path: Path) -> None:
    """What is written is a valid MRC 2014 file with the same voxels; written twice it is the same file."""
    write_mrc(tmp_path / "a.mrc", phantom(), SPACING)
    write_mrc(tmp_path / "b.mrc", phantom(), SPACING)
    assert mrcfile.validate(tmp_path / "a.mrc")
    volume, spacing = read_mrc(tmp_path / "a.mrc")
    assert np.array_equal(volume, phantom())
    assert spacing == SPACING
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).digest() for name in ("a.mrc", "b.mrc")}
    assert len(digests) == 1


def _flat(path: Path) -> None:
    with mrcfile.new(path) as mrc:
        mrc.set_data(np.zeros((4, 4), np.float32))


def _bricks(path: Path) -> None:
    with mrcfile.new(path) as mrc:
        mrc.set_data(np.zeros((4, 4, 4), np.float32))
        mrc.voxel_size = (1, 2, 3)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.write_bytes(b"x" * 2000), "not an MRC 2014 file"),
        (lambda path: path.write_bytes(b""), "not an MRC 2014 file"),
        (_flat, "2 axes"),
        (_bricks, "must be cubes"),
    ],
    ids=["noise", "empty", "image", "bricks"],
)
def test_bad_mrc(tmp_path: Path, make: object, says: str) -> None:
    """A source that is no tomogram is refused with the reason."""
    assert callable(make)
    make(tmp_path / "bad.mrc")
    with pytest.raises(InvalidInputFileError, match=says):
        read_mrc(tmp_path / "bad.mrc")


def test_zarr_layout(tmp_path: Path) -> None:
    """Chunks are files `level/z/y/x`, one for every place of the grid, zeros included."""
    levels: list[Volume] = [np.zeros((5, 3, 3), np.float32), np.zeros((3, 2, 2), np.float32)]
    write_zarr(tmp_path / "x.zarr", levels, 4.0, 2, "x")
    files = {path.relative_to(tmp_path / "x.zarr").as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    chunks = {f"0/{z}/{y}/{x}" for z in range(3) for y in range(2) for x in range(2)} | {"1/0/0/0", "1/1/0/0"}
    assert files - {".zgroup", ".zattrs", "0/.zarray", "0/.zattrs", "1/.zarray", "1/.zattrs"} == chunks
    described = json.loads((tmp_path / "x.zarr/.zattrs").read_text())["multiscales"][0]
    assert [item["coordinateTransformations"][0]["scale"][0] for item in described["datasets"]] == [4.0, 8.0]
    assert zarr.open_array(str(tmp_path / "x.zarr/0"), mode="r").shape == (5, 3, 3)


def test_keys() -> None:
    """The portal's keys, with a prefix before them."""
    layout = Layout(prefix="embargo/", dataset=10000, run="TS_001")
    keys = layout.tomogram(13.48, 100)
    assert keys.mrc == "embargo/10000/TS_001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_001.mrc"
    assert keys.zarr == keys.mrc.removesuffix(".mrc") + ".zarr"
    assert keys.metadata == f"{keys.folder}tomogram_metadata.json"
    assert (layout.run_metadata, layout.dataset_metadata) == (
        "embargo/10000/TS_001/run_metadata.json", "embargo/10000/dataset_metadata.json",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "parts"),
    [("b", ("b", "")), ("b/", ("b", "")), ("b/x/y/", ("b", "x/y/")), ("s3://b/x", ("b", "x/"))],
)
def test_output_path(path: str, parts: tuple[str, str]) -> None:
    assert split_output_path(path) == parts


def test_output_path_without_bucket() -> None:
    with pytest.raises(ValueError, match="no bucket"):
        split_output_path("/x")


def test_example_configuration() -> None:
    """The path that the portal's client gives for a dataset finds the example's configuration."""
    assert read_configuration(EXAMPLE).dataset.dataset_identifier == 10000


def test_all_faults_of_a_configuration_at_once(tmp_path: Path) -> None:
    """Every fault is named by its place."""
    path = tmp_path / "bad.yaml"
    path.write_text("dataset: {dataset_identifier: 7, title: x}\ntomograms: {source_prefix: a, chunk: 0}\n")
    with pytest.raises(InvalidInputFileError) as caught:
        read_configuration(str(path))
    for place in ("dataset_identifier", "dataset_title", "dataset.title", "tomograms.chunk"):
        assert place in str(caught.value)


def test_missing_configuration_is_said_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The last line on stderr is what the runner hands on as the job's error."""
    assert command.main(["convert", "../dataset_configs/99999.yaml", "source", "output"]) == 1
    said = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert said["error"] == "InvalidInputFileError"
    assert "99999.yaml" in said["cause"]


def test_only_the_ingests_own_lines_are_printed() -> None:
    command.main(["convert", "../dataset_configs/99999.yaml", "source", "output"])
    assert not logging.getLogger("botocore.credentials").isEnabledFor(logging.INFO)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--import-gain"], "--import-gain"),
        (["--local-fs"], "--local-fs"),
        (["--filter-run-name", "("], 'argument --filter-run-name: "(": not a regular expression'),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    flags: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main(["convert", EXAMPLE, "source", "output", *flags])
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(("name", "reason"), WITHOUT_EFFECT.items())
def test_what_is_ignored_is_said(name: str, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    """Before anything is read: there is no such configuration."""
    value = [] if name.startswith("--import-") else ["x"]
    caplog.set_level("INFO")
    assert command.main(["convert", "../dataset_configs/99999.yaml", "source", "output", name, *value]) == 1
    assert f"{name} is ignored: {reason}" in caplog.messages


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (Names(), {"TS_001", "TS_002", "X"}),
        (Names(["TS"]), {"TS_001", "TS_002"}),
        (Names(["S_001"]), set()),
        (Names(["^TS_001$", "X"]), {"TS_001", "X"}),
        (Names(["TS"], ["TS_002"]), {"TS_001"}),
        (Names([], ["TS"]), {"X"}),
    ],
)
def test_names_match_from_their_beginning(names: Names, kept: set[str]) -> None:
    assert {name for name in ("TS_001", "TS_002", "X") if names.has(name)} == kept


def chosen(*flags: str) -> set[str]:
    given = command.parser().parse_args(["convert", EXAMPLE, "source", "output", *flags])
    wanted = asdict(command.options(given))
    return {name for name in ("mrc", "zarr", "tomogram_metadata", "run_metadata", "dataset_metadata") if wanted[name]}


def test_everything_is_chosen_unless_something_is() -> None:
    everything = {"mrc", "zarr", "tomogram_metadata", "run_metadata", "dataset_metadata"}
    assert chosen() == chosen("--import-everything") == chosen("--write-mrc", "--write-zarr") == everything
    assert chosen("--import-everything", "--no-write-mrc") == everything - {"mrc"}
    assert chosen("--import-all-metadata") == everything - {"mrc", "zarr"}
    assert chosen("--import-gains") == set()


def test_same_object_is_told_by_size_and_content(tmp_path: Path) -> None:
    """In one part the entity tag tells the content; in many parts only the size can be known."""
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    digest = hashlib.md5(b"abc", usedforsecurity=False).hexdigest()
    likes = [Stored(3, digest), Stored(3, "0" * 32), Stored(4, digest), Stored(3, "0" * 32 + "-2"), Stored(4, "0-2")]
    assert [stored.is_like(path) for stored in likes] == [True, False, False, True, False]


def test_phantom_as_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make_phantom([str(tmp_path / "p.mrc")]) == 0
    assert np.array_equal(read_mrc(tmp_path / "p.mrc")[0], phantom())
    assert "(80, 96, 112)" in capsys.readouterr().out
