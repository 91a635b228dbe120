"""Where AWS answers, as the environment says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

ENDPOINT: Final = "AWS_ENDPOINT_URL"


def cluster_hosts(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Hosts where the API of a cluster may be beside EKS's own domains: the local cloud's, where there is one."""
    host = urlsplit(environ.get(ENDPOINT, "")).hostname
    return (host,) if host else ()
