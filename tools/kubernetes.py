"""Builds Kubernetes' programs and Pulumi's `kubernetes` plugin from the Go modules pinned in engine/kubernetes, and
prints the folder that has them.

About 11 minutes on two idle cores, once a machine: 4 GB of memory at most, 10 GB of Go's caches. What was built stays
in ``$XDG_CACHE_HOME/portal`` (default ``~/.cache/portal``), a folder for each module; a change of one module's pins
builds that module alone. Only the standard library is used. Progress goes to standard error.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.engine import EngineError, cache, run

SOURCE: Final = Path(__file__).resolve().parent.parent / "engine" / "kubernetes"
KUBERNETES: Final = "k8s.io/kubernetes"
PLUGIN_MODULE: Final = "github.com/pulumi/pulumi-kubernetes/provider/v4"
VERSION_FILE: Final = "kubernetes-version"
"""In the printed folder: Kubernetes' version, e.g. ``1.36.3``."""


def say(text: str) -> None:
    print(f"kubernetes: {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True, kw_only=True)
class Module:
    """A folder of engine/kubernetes. ``programs``: package -> the program built of it. ``stamp`` gives the linker's
    flags that write a version into them. ``generate`` writes the files that a package embeds and its folder lacks:
    name -> content."""

    folder: str
    programs: Mapping[str, str]
    stamp: Callable[[], str] = lambda: ""
    generate: Callable[[], Mapping[str, str]] = dict[str, str]


def kubernetes_version() -> str:
    """The pinned version, e.g. ``1.36.3``. Raises EngineError."""
    return _pinned("control-plane", rf"{KUBERNETES} v(\S+)")


def plugin_version() -> str:
    """The version of pulumi-kubernetes that is pinned, e.g. ``4.25.0``. Its module's own versions are commits: the tag
    stands beside one as a comment. Raises EngineError."""
    return _pinned("provider", rf"{PLUGIN_MODULE} \S+ // tag v(\S+)")


def _pinned(folder: str, line: str) -> str:
    file = SOURCE / folder / "go.mod"
    match = re.search(line, file.read_text())
    if match is None:
        raise EngineError(f"{file}: no line is {line!r}")
    return match[1]


def _stamp_kubernetes() -> str:
    """Clients ask the server's version; a build without a stamp says v0.0.0-master."""
    version = kubernetes_version()
    major, minor, _ = version.split(".")
    stamps = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in stamps.items())


def _plugin_files() -> Mapping[str, str]:
    """The plugin's schema, with the version that its build writes into it, and what translates Terraform's names."""
    command = ["go", "mod", "download", "-json", PLUGIN_MODULE]
    done = subprocess.run(command, cwd=SOURCE / "provider", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EngineError(f"`{' '.join(command)}` failed: {done.stdout}{done.stderr}")
    source = Path(json.loads(done.stdout)["Dir"]) / "cmd" / "pulumi-resource-kubernetes"
    schema = {**json.loads((source / "schema.json").read_text()), "version": plugin_version()}
    mapping = "terraform-mapping.json"
    return {"schema.json": json.dumps(schema), mapping: (source / mapping).read_text()}


MODULES: Final = (
    Module(folder="etcd", programs={"go.etcd.io/etcd/server/v3": "etcd"}),
    Module(
        folder="control-plane",
        programs={f"{KUBERNETES}/cmd/{name}": name for name in (
            "kube-apiserver", "kube-controller-manager", "kube-scheduler",
        )},
        stamp=_stamp_kubernetes,
    ),
    Module(
        folder="provider",
        programs={".": "pulumi-resource-kubernetes"},
        stamp=lambda: f"-X {PLUGIN_MODULE}/pkg/version.Version={plugin_version()}",
        generate=_plugin_files,
    ),
)  # fmt: skip


def build(module: Module, target: Path) -> None:
    """Builds the programs that ``target`` lacks."""
    env = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false -trimpath",
    }
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        for package, program in module.programs.items():
            if (target / program).exists():
                continue
            begun = time.monotonic()
            say(f"building {program}")
            built, flags = Path(scratch) / program, f"-s -w {module.stamp()}"
            folder = SOURCE / module.folder
            overlay = _overlay(module, folder, Path(scratch))
            command = ["go", "build", "-v", "-overlay", str(overlay), "-ldflags", flags, "-o", str(built), package]
            run(command, env, folder, say)
            built.rename(target / program)
            say(f"  {program}: {time.monotonic() - begun:.0f} s")


def _overlay(module: Module, folder: Path, scratch: Path) -> Path:
    """A file that has Go see the generated files in the module's folder."""
    replaced: dict[str, str] = {}
    for name, content in module.generate().items():
        (scratch / name).write_text(content)
        replaced[str(folder / name)] = str(scratch / name)
    overlay = scratch / "overlay.json"
    overlay.write_text(json.dumps({"Replace": replaced}))
    return overlay


def recipe(module: Module) -> str:
    """Of what is built: another one is another folder."""
    files = sorted((SOURCE / module.folder).iterdir())
    return hashlib.sha256(b"".join(one.read_bytes() for one in files)).hexdigest()[:12]


def locate() -> Path:
    """The folder with links to all programs, built if need be. Raises EngineError."""
    home = cache()
    home.mkdir(parents=True, exist_ok=True)
    whole = hashlib.sha256("".join(recipe(one) for one in MODULES).encode()).hexdigest()[:12]
    folder = home / f"kubernetes-{kubernetes_version()}-{whole}"
    with (home / "kubernetes.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        targets = {one.folder: home / f"kubernetes-{one.folder}-{recipe(one)}" for one in MODULES}
        missing = [
            one for one in MODULES if not all((targets[one.folder] / name).exists() for name in one.programs.values())
        ]
        if missing and shutil.which("go") is None:
            raise EngineError("there is no Go to build Kubernetes with: install Go 1.26 or newer")
        if missing:
            say("building from engine/kubernetes: about 11 minutes and 10 GB of Go's caches, once a machine")
        for module in missing:
            targets[module.folder].mkdir(exist_ok=True)
            build(module, targets[module.folder])
        _link(folder, targets)
    say(f"using {folder}")
    return folder


def _link(folder: Path, targets: Mapping[str, Path]) -> None:
    folder.mkdir(exist_ok=True)
    for module in MODULES:
        for program in module.programs.values():
            link = folder / program
            link.unlink(missing_ok=True)
            link.symlink_to(targets[module.folder] / program)
    (folder / VERSION_FILE).write_text(kubernetes_version())


def main() -> int:
    try:
        print(locate())
    except EngineError as error:
        say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
