"""A zarr as a scientist opens it by its URL: zarr's own reader over HTTP, which is fsspec's."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import numpy as np
import numpy.typing as npt
import zarr
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import FsspecStore

from tests.journey.conftest import Cloud

FIRST_BYTES = 1000
"""So many of a chunk are asked for first, then the rest: each chunk takes two Range requests."""


class InRanges(FsspecStore):
    """Reads chunks in two ranges, as zarr reads a part of a shard."""

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        if byte_range is not None or key.rpartition("/")[2].startswith((".", "zarr.json")):
            return await super().get(key, prototype, byte_range)
        first = await super().get(key, prototype, RangeByteRequest(0, FIRST_BYTES))
        rest = await super().get(key, prototype, OffsetByteRequest(FIRST_BYTES))
        return first + rest if first is not None and rest is not None else None


@dataclass
class Reader:
    """Reads from one host of the edge, and notes what it was answered."""

    cloud: Cloud
    host: str
    answers: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    """Path, and status, of each request with a Range."""

    def levels(self, path: str) -> list[npt.NDArray[Any]]:
        """Every level of the OME-Zarr there, whole."""
        port = urlsplit(self.cloud.http_url).port
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._note)
        client = {"headers": {"Host": f"{self.host}.localhost:{port}"}, "trace_configs": [trace]}
        store = InRanges.from_url(
            f"{self.cloud.http_url}{quote(path)}", storage_options={"client_kwargs": client}, read_only=True
        )
        group = zarr.open_group(store, mode="r", zarr_format=2)
        described: Any = group.attrs["multiscales"]
        arrays: list[Any] = [group[one["path"]] for one in described[0]["datasets"]]
        return [np.asarray(array[:]) for array in arrays]

    async def _note(self, _session: object, _context: SimpleNamespace, done: aiohttp.TraceRequestEndParams) -> None:
        if "Range" in done.headers:
            self.answers.append((done.url.path, done.response.status))
