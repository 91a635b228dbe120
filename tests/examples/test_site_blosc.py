"""The browser's Blosc decoder, run by Node.js, against what numcodecs writes."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from numcodecs import Blosc

from examples.site.assets import FOLDER

NODE = shutil.which("node")
DECODE = """
const {decompress} = await import(process.argv[1]);
const {createHash} = require("crypto");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => {
    try {
        const bytes = decompress(new Uint8Array(Buffer.from(text, "base64")));
        return `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;
    } catch (error) {
        return `${error.name}: ${error.message}`;
    }
})));
"""
pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not on PATH")


def decoded(*buffers: bytes) -> list[str]:
    """Of each buffer what it decodes to, as :func:`digest` has it, or the error."""
    texts = json.dumps([base64.b64encode(buffer).decode() for buffer in buffers])
    words = [str(NODE), "-e", f"(async () => {{ {DECODE} }})()", str(FOLDER / "blosc.js")]
    ended = subprocess.run(words, input=texts, capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


def digest(content: bytes) -> str:
    return f"{len(content)} {sha256(content).hexdigest()}"


def arrays() -> list[np.ndarray[Any, Any]]:
    random = np.random.default_rng(7)
    ramp = np.arange(100_003)
    return [
        *((ramp % 1000).astype(dtype) for dtype in ("<f4", "<f8", "u1", "<i2", "<u4", ">f4")),
        random.normal(size=70_001).astype("<f4"),
        random.integers(0, 256, 300_000).astype("u1"),
        np.zeros(1_000_000, "<f4"),
        np.repeat(random.normal(size=50).astype("<f4"), 20_000),
        *(np.arange(size, dtype="<f4") for size in (1, 2, 7, 31, 32, 33, 127, 128, 129, 1000)),
    ]


@pytest.mark.parametrize("shuffle", [Blosc.SHUFFLE, Blosc.NOSHUFFLE])
@pytest.mark.parametrize("block", [0, 4096])
def test_everything_that_numcodecs_writes_is_read(shuffle: int, block: int) -> None:
    given = [(array, level) for array in arrays() for level in (0, 1, 5, 9)]
    buffers = [Blosc("lz4", level, shuffle, block).encode(array) for array, level in given]
    for (array, level), text in zip(given, decoded(*map(bytes, buffers)), strict=True):
        assert text == digest(array.tobytes()), (array.dtype, array.size, level)


def test_what_is_damaged_or_written_otherwise_is_refused() -> None:
    whole = bytes(Blosc("lz4", 5, Blosc.SHUFFLE).encode(np.arange(100_000, dtype="<f4") % 77))
    cut, empty, broken = whole[:-1], b"", bytearray(whole)
    broken[24:] = b"\xff" * (len(whole) - 24)
    others = [bytes(Blosc(name, 5).encode(np.arange(10_000, dtype="<f4"))) for name in ("zstd", "zlib", "blosclz")]
    bits = bytes(Blosc("lz4", 5, Blosc.BITSHUFFLE).encode(np.arange(10_000, dtype="<f4")))
    assert decoded(cut, empty, bytes(broken), *others, bits) == [
        f"Error: a Blosc buffer says {len(whole)} bytes and has {len(cut)}",
        "Error: a Blosc buffer ends within its header",
        "Error: an LZ4 block is damaged",
        "Error: Blosc with zstd can't be read here, only with lz4",
        "Error: Blosc with zlib can't be read here, only with lz4",
        "Error: Blosc with blosclz can't be read here, only with lz4",
        "Error: Blosc's bit shuffle can't be read here",
    ]
