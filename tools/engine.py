"""Finds or makes the Pulumi engine and prints the folder that holds it; that folder belongs first on PATH.

Three sources, in this order: a ``pulumi`` on PATH of exactly the pinned version; the official release of that version;
a build from the Go modules pinned in engine/ (3 to 5 minutes on two cores, once a machine). What was downloaded or
built stays in ``$XDG_CACHE_HOME/portal`` (default ``~/.cache/portal``). Only the standard library is used: this runs
before anything is installed. Progress goes to standard error.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "engine"
RELEASES = "https://github.com/pulumi/pulumi/releases/download"
HOST = "pulumi-language-python"
"""The engine runs Python programs through this executable and looks for it in its own folder."""

PROGRESS_SECONDS = 60
COLLECTING = {"GOGC": "400"}
"""Go's compiler with a larger heap than usual: it takes a fifth of its time for collecting garbage otherwise."""


class EngineError(Exception):
    """No engine could be had; the message says what was tried and what would help."""


def say(text: str) -> None:
    print(f"engine: {text}", file=sys.stderr, flush=True)


def pinned_version() -> str:
    """The version that engine/go.mod requires, e.g. ``3.259.0``."""
    match = re.search(r"github\.com/pulumi/pulumi/sdk/v3 v(\S+)", (SOURCE / "go.mod").read_text())
    if match is None:
        raise EngineError(f"{SOURCE / 'go.mod'}: no line requires github.com/pulumi/pulumi/sdk/v3")
    return match[1]


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "portal"


def on_path(wanted: str) -> Path | None:
    """The folder of a ``pulumi`` on PATH, if it has the pinned version and its Python language host."""
    found = shutil.which("pulumi")
    if found is None:
        return None
    folder = Path(found).resolve().parent
    printed = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout.strip()
    if printed.removeprefix("v") != wanted:
        say(f"{found} is version {printed or 'unknown'}; {wanted} is pinned")
        return None
    if not (folder / HOST).exists():
        say(f"{found} has no {HOST} beside it")
        return None
    say(f"using {found} ({printed})")
    return folder


def release_names(version: str) -> tuple[str, str]:
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower())
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system())
    if machine is None or system is None:
        raise EngineError(f"no official release for {platform.system()} {platform.machine()}")
    return f"pulumi-v{version}-{system}-{machine}.tar.gz", f"pulumi-{version}-checksums.txt"


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - the scheme is https, above
        return answer.read()


def download(version: str, target: Path) -> bool:
    """Puts the official release into ``target``; False (with the reason said) where it can't be had."""
    archive, sums = release_names(version)
    say(f"downloading the official release {archive}")
    try:
        listed = fetch(f"{RELEASES}/v{version}/{sums}").decode()
        data = fetch(f"{RELEASES}/v{version}/{archive}")
    except (urllib.error.URLError, OSError) as error:
        say(f"the official release can't be downloaded here ({error})")
        return False
    wanted = re.search(rf"^([0-9a-f]{{64}})\s+{re.escape(archive)}$", listed, re.MULTILINE)
    if wanted is None or hashlib.sha256(data).hexdigest() != wanted[1]:
        raise EngineError(f"{archive}: its SHA-256 is not the one in {sums}; refusing to run it")
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        packed = Path(scratch) / archive
        packed.write_bytes(data)
        with tarfile.open(packed) as files:
            files.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.3 and older have none
            files.extractall(scratch)  # noqa: S202 - its checksum is right, above
        (Path(scratch) / "pulumi").rename(target)
    return True


def run(command: list[str], env: dict[str, str], folder: Path = SOURCE, tell: Callable[[str], None] = say) -> None:
    """Runs a Go command with ``-v``, telling now and then how far it is; shows the end of its output if it fails."""
    process = subprocess.Popen(
        command, cwd=folder, env={**COLLECTING, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    spoken = time.monotonic()
    for line in process.stdout or ():
        lines.append(line)
        if time.monotonic() - spoken > PROGRESS_SECONDS:
            spoken = time.monotonic()
            fetched = sum(entry.startswith("go: downloading") for entry in lines)
            tell(f"  {fetched} modules downloaded, {len(lines) - fetched} packages compiled")
    if process.wait() != 0:
        print("".join(lines[-30:]), file=sys.stderr)
        raise EngineError(
            f"`{' '.join(command)}` in {folder.name}/ ended with exit code {process.returncode}; its output is above"
        )


def build(version: str, target: Path) -> None:
    """Builds engine and language host from the modules pinned in engine/go.sum into ``target``."""
    if shutil.which("go") is None:
        raise EngineError(
            "no pulumi on PATH, no official release, and no Go to build the engine with: install Go 1.26 or newer, "
            f"or Pulumi {version} (https://www.pulumi.com/docs/install/)"
        )
    say(f"building Pulumi v{version} from engine/go.mod: 3 to 5 minutes and 3 GB of Go caches, once a machine")
    flags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{version}"
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        env = {**os.environ, "GOBIN": scratch, "GOFLAGS": "-mod=readonly"}
        run(["go", "install", "-v", "-ldflags", flags, "tool"], env)
        run(["go", "build", "-v", "-ldflags", flags, "-o", f"{scratch}/{HOST}", "./langhost"], env)
        listed = ["go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"]
        sdk = subprocess.run(listed, cwd=SOURCE, env=env, check=True, capture_output=True, text=True).stdout.strip()
        runner = Path(scratch) / f"{HOST}-exec"
        shutil.copyfile(Path(sdk) / "python" / "cmd" / runner.name, runner)
        runner.chmod(0o755)
        Path(scratch).rename(target)
        target.chmod(0o755)
        Path(scratch).mkdir()  # for the context manager to remove


def locate() -> Path:
    """The folder of a usable engine, made if need be. Raises :class:`EngineError`."""
    version = pinned_version()
    found = on_path(version)
    if found is not None:
        return found
    recipe = b"".join((SOURCE / part).read_bytes() for part in ("go.mod", "go.sum", "langhost/main.go"))
    home = cache()
    home.mkdir(parents=True, exist_ok=True)
    target = home / f"engine-{version}-{hashlib.sha256(recipe).hexdigest()[:12]}"
    with (home / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (target / "pulumi").exists():
            say(f"using {target}")
        else:
            begun = time.monotonic()
            if not download(version, target):
                build(version, target)
            say(f"ready in {target} after {time.monotonic() - begun:.0f} s")
    return target


def main() -> int:
    try:
        print(locate())
    except EngineError as error:
        say(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
