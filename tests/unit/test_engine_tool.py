"""Where the engine comes from, and what is said when it can't be had."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import tarfile
import urllib.error
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest

from portal.pulumi_cli import ROOT


def locked_versions() -> list[str]:
    """The version of Pulumi's Python SDK in each list of locked packages."""
    files = ("requirements.txt", "requirements-dev.txt")
    return [one for file in files for one in re.findall(r"^pulumi==(\S+)", (ROOT / file).read_text(), re.MULTILINE)]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("engine_tool", ROOT / "tools" / "engine.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return module


def executable(folder: Path, name: str, prints: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {prints}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("version", [importlib.metadata.version("pulumi"), *locked_versions()])
def test_engine_and_sdk_have_one_version(tool: ModuleType, version: str) -> None:
    assert version == tool.pinned_version()


@pytest.mark.parametrize(
    ("version", "usable"),
    [("v3.259.0", True), ("v3.259.1", False), ("v3.259.0-dev", False), ("v3.258.9", False), ("", False)],
)
def test_only_the_pinned_version_of_a_pulumi_on_path_is_used(
    tool: ModuleType, tmp_path: Path, version: str, usable: bool
) -> None:
    executable(tmp_path / "bin", "pulumi", version)
    executable(tmp_path / "bin", "pulumi-language-python", "")
    assert (tool.on_path("3.259.0") is not None) is usable


def test_a_pulumi_without_its_language_host_does_not_count(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executable(tmp_path / "bin", "pulumi", "v3.259.0")
    assert tool.on_path("3.259.0") is None
    assert "no pulumi-language-python beside it" in capsys.readouterr().err


def archive() -> bytes:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        entry = tarfile.TarInfo("pulumi/pulumi")
        entry.size = 4
        files.addfile(entry, BytesIO(b"real"))
    return packed.getvalue()


def test_the_official_release_is_used_if_its_sum_is_right(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, name = archive(), tool.release_names("3.259.0")[0]
    sums = f"{tool.hashlib.sha256(data).hexdigest()}  {name}\n".encode()
    monkeypatch.setattr(tool, "fetch", lambda url: sums if url.endswith(".txt") else data)
    assert tool.download("3.259.0", tmp_path / "engine")
    assert (tmp_path / "engine" / "pulumi").read_bytes() == b"real"


def test_a_release_with_another_sum_is_refused(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = tool.release_names("3.259.0")[0]
    monkeypatch.setattr(
        tool, "fetch", lambda url: f"{'0' * 64}  {name}\n".encode() if url.endswith(".txt") else archive()
    )
    with pytest.raises(tool.EngineError, match="SHA-256"):
        tool.download("3.259.0", tmp_path / "engine")
    assert not (tmp_path / "engine").exists()


def test_with_no_release_and_no_go_the_message_says_what_to_install(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(url: str) -> bytes:
        raise urllib.error.URLError(f"no route to {url}")

    monkeypatch.setattr(tool, "fetch", unreachable)
    assert tool.main() == 1
    said = capsys.readouterr().err
    assert "no pulumi on PATH" in said
    assert "can't be downloaded here" in said
    assert "install Go 1.26 or newer, or Pulumi 3.259.0" in said


def test_what_is_in_the_cache_is_used_again(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(version: str, target: Path) -> bool:
        target.mkdir()
        (target / "pulumi").write_text(version)
        return True

    monkeypatch.setattr(tool, "download", made)
    first = tool.locate()
    monkeypatch.setattr(tool, "download", lambda *_: pytest.fail("downloaded twice"))
    capsys.readouterr()
    assert tool.locate() == first
    assert capsys.readouterr().err == f"engine: using {first}\n"
    assert first.parent == tmp_path / "cache" / "portal"
