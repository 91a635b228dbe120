"""What web pages of other origins may read: in words of S3 for a bucket, in words of CloudFront for its CDN."""

from __future__ import annotations

from typing import Final

METHODS: Final = ("GET", "HEAD")
"""S3 answers OPTIONS by itself; naming it as a method is refused."""
REQUEST_HEADERS: Final = (
    "Range",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "Cache-Control",
)
EXPOSED_HEADERS: Final = (
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "ETag",
    "Accept-Ranges",
    "Last-Modified",
)
"""Chunked readers (zarr, Neuroglancer) see sizes and ranges only if these are exposed."""
MAX_AGE_SECONDS: Final = 86_400
