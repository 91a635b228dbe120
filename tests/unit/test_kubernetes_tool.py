"""How Kubernetes' own programs are built: once for the pins of their module, and never half."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from tools import kubernetes

RECORD = """#!/bin/sh
echo "$(basename "$PWD") $*" >> "$LOG"
if [ "$1 $2" = "mod download" ]; then echo "{\\"Dir\\": \\"$DOWNLOADED\\"}"; fi
if [ "$1" = build ]; then
    echo "GOGC=$GOGC" >> "$LOG"
    case "$*" in *"$FAILS"*) echo "no such package"; exit 1;; esac
    while [ "$1" != -overlay ]; do shift; done
    cat "$2" >> "$LOG"
    while [ "$1" != -o ]; do shift; done
    echo built > "$2"
fi
"""
PACKAGES = [
    "go.etcd.io/etcd/server/v3",
    "k8s.io/kubernetes/cmd/kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-controller-manager",
    "k8s.io/kubernetes/cmd/kube-scheduler",
    ".",
]
"""In the order in which they are built; the last is Pulumi's plugin."""


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The tool with a Go that notes what it is asked, and builds what it is asked."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "go").write_text(RECORD)
    (tmp_path / "bin" / "go").chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.delenv("GOGC", raising=False)
    monkeypatch.setenv("FAILS", "nothing of that name")
    embedded = tmp_path / "downloaded" / "cmd" / "pulumi-resource-kubernetes"
    embedded.mkdir(parents=True)
    (embedded / "schema.json").write_text('{"name": "kubernetes"}')
    (embedded / "terraform-mapping.json").write_text("{}")
    monkeypatch.setenv("DOWNLOADED", str(tmp_path / "downloaded"))
    return kubernetes


def builds(tmp_path: Path) -> list[str]:
    """The packages that were built."""
    lines = (tmp_path / "log").read_text().splitlines() if (tmp_path / "log").exists() else []
    return [line.rpartition(" ")[2] for line in lines if " build " in line]


def test_every_program_is_built_once_and_stamped_with_its_version(tool: ModuleType, tmp_path: Path) -> None:
    folder = tool.locate()
    assert builds(tmp_path) == PACKAGES
    log = (tmp_path / "log").read_text()
    assert "version.gitVersion=v1.36.3 " in log
    assert log.count("GOGC=400\n") == len(PACKAGES)
    assert (folder / "kube-apiserver").read_text() == "built\n"
    assert (folder / "kubernetes-version").read_text() == "1.36.3"
    assert tool.locate() == folder
    assert len(builds(tmp_path)) == len(PACKAGES)


def test_a_build_that_fails_leaves_what_was_built_before_it(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAILS", "cmd/kube-scheduler")
    assert tool.main() == 1
    said = capsys.readouterr().err
    assert "no such package" in said
    assert "control-plane/ ended with exit code 1" in said
    monkeypatch.setenv("FAILS", "nothing of that name")
    (tmp_path / "log").unlink()
    tool.locate()
    assert builds(tmp_path) == ["k8s.io/kubernetes/cmd/kube-scheduler", "."]


def test_pulumis_plugin_embeds_its_schema_with_its_own_version(tool: ModuleType, tmp_path: Path) -> None:
    """Both files are put beside the module's main package, where its repository has them generated."""
    tool.locate()
    [overlay] = [line for line in (tmp_path / "log").read_text().splitlines() if "schema.json" in line]
    places = json.loads(overlay)["Replace"]
    folder = tool.SOURCE / "provider"
    assert set(places) == {str(folder / "schema.json"), str(folder / "terraform-mapping.json")}
    assert json.loads(tool._plugin_files()["schema.json"]) == {  # pyright: ignore[reportPrivateUsage]
        "name": "kubernetes",
        "version": tool.plugin_version(),
    }


def test_other_pins_of_a_module_build_it_anew(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tool.locate()
    changed = tmp_path / "changed"
    for module in tool.MODULES:
        (changed / module.folder).mkdir(parents=True)
        for file in (tool.SOURCE / module.folder).iterdir():
            (changed / module.folder / file.name).write_bytes(file.read_bytes())
    with (changed / "etcd" / "go.mod").open("a") as pins:
        pins.write("// another pin\n")
    monkeypatch.setattr(tool, "SOURCE", changed)
    (tmp_path / "log").unlink()
    assert tool.locate() != first
    assert builds(tmp_path) == ["go.etcd.io/etcd/server/v3"]


def test_without_go_the_message_says_what_to_install(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tool.main() == 1
    assert "install Go 1.26 or newer" in capsys.readouterr().err
