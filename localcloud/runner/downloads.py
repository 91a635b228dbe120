"""
Inputs by URI: s3:// with the job's credentials, http(s):// as they are.

They replace miniwdl's own, which start the programs `aws` and `aria2c` as tasks of their own. A file or folder of
which nothing is there is a failed download.
"""

import logging
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any

from WDL.runtime import config

from localcloud.runner.run import Run, run_of
from localcloud.runner.store import StoppedError

BLOCK = 1 << 20
TIMEOUT_SECONDS = 60
Step = Generator[dict[str, Any], dict[str, Any], None]


def _run(cfg: config.Loader) -> Run:
    run = run_of(cfg)
    if run is None:
        raise ValueError("this downloader works inside a job only")
    return run


def _given(kind: str, path: Path) -> Step:
    received = yield {"outputs": {kind: str(path)}}
    yield received


def s3_file(cfg: config.Loader, _logger: logging.Logger, uri: str, **_: Any) -> Step:
    run = _run(cfg)
    path = run.download_path(uri)
    run.store.download(uri, path)
    run.uploads.know(path, uri)
    return _given("file", path)


def s3_directory(cfg: config.Loader, _logger: logging.Logger, uri: str, **_: Any) -> Step:
    run = _run(cfg)
    path = run.download_path(uri)
    objects = run.store.list(uri)
    if not objects:
        raise FileNotFoundError(f"no object under {uri}")
    for item in objects:
        run.store.download(item, path / item.removeprefix(uri.rstrip("/") + "/"))
    run.uploads.know(path, uri.rstrip("/"))
    return _given("directory", path)


def web_file(cfg: config.Loader, _logger: logging.Logger, uri: str, **_: Any) -> Step:
    run = _run(cfg)
    path = run.download_path(uri.partition("?")[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    # only http and https are registered for this function
    with urllib.request.urlopen(uri, timeout=TIMEOUT_SECONDS) as response, path.open("wb") as file:  # noqa: S310
        while block := response.read(BLOCK):
            if run.stopping.is_set():
                raise StoppedError
            file.write(block)
    run.uploads.know(path, uri)
    return _given("file", path)
