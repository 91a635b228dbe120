"""
What was uploaded, and where each local file is in S3.

The layout is flat, as clients know it: a file lies under its base name in the folder of the output document, a
directory under its name. Two files of one name overwrite each other there (said in the log); inside the run each task
still gets the right one, since tasks are handed local files.
"""

import logging
import threading
from collections.abc import Iterable
from pathlib import Path

from botocore.exceptions import ClientError

from localcloud.runner.store import Store

log = logging.getLogger(__name__)


class Uploads:
    """The files of one run in S3, by their real path. May be used from many threads."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._uris: dict[Path, str] = {}
        self._sources: dict[str, Path] = {}
        self._ambiguous: set[str] = set()
        self._uploaded: set[str] = set()
        self._lock = threading.Lock()

    def add(self, path: Path) -> str:
        """Upload a file or a directory unless it is in S3 already.

        Returns:
            its s3:// URI
        """
        real = path.resolve()
        known = self.uri(path)
        if known is not None:
            return known
        uri = f"{self._prefix}/{path.name}"
        if real.is_dir():
            for file in sorted(item for item in real.rglob("*") if item.is_file()):
                self._upload(file, f"{uri}/{file.relative_to(real).as_posix()}")
        else:
            self._upload(real, uri)
        with self._lock:
            self._uris[real] = uri
        return uri

    def _upload(self, file: Path, uri: str) -> None:
        self._store.upload(file, uri)
        with self._lock:
            other = self._sources.setdefault(uri, file)
            if other != file:
                log.warning("two outputs have the name %s: the later one has replaced the earlier one", uri)
                self._ambiguous.add(uri)
            self._uploaded.add(uri)

    def know(self, path: Path, uri: str) -> None:
        """Record that a local file is the download of `uri`."""
        with self._lock:
            self._uris.setdefault(path.resolve(), uri)

    def adopt(self, uris: Iterable[str]) -> None:
        """Count objects that an earlier attempt uploaded as this run's."""
        with self._lock:
            self._uploaded.update(uris)

    def uri(self, path: str | Path) -> str | None:
        """Where a local file is in S3; None if it isn't. URIs are given back as they are."""
        if "://" in str(path):
            return str(path)
        with self._lock:
            return self._uris.get(Path(path).resolve())

    def is_ambiguous(self, uri: str) -> bool:
        """Whether two files of this run were uploaded as `uri`."""
        with self._lock:
            return uri in self._ambiguous

    def mark_intermediates(self, outputs: Iterable[str]) -> None:
        """Tag every uploaded object that is neither one of the `outputs` nor inside one."""
        kept = tuple(outputs)
        with self._lock:
            uploaded = sorted(self._uploaded)
        for uri in uploaded:
            if not any(uri == output or uri.startswith(output.rstrip("/") + "/") for output in kept):
                try:
                    self._store.mark_intermediate(uri)
                except ClientError as error:  # only costs storage: no reason to fail a finished run
                    log.warning("%s is not tagged as intermediate: %s", uri, error)
