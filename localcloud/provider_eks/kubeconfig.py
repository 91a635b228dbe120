"""The kubeconfig of a cluster: `aws eks get-token` says who one is."""

import json
import ssl
import time
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from localcloud.provider_eks.monitor import Registered
from localcloud.provider_eks.outputs import Output, together

_API: Final = "client.authentication.k8s.io/v1beta1"
_ENV: Final = [{"name": "KUBERNETES_EXEC_INFO", "value": f'{{"apiVersion": "{_API}"}}'}]
_TRIES: Final = 60
_PAUSE_SECONDS: Final = 5.0


def kubeconfig(cluster: Registered, credentials: Output, *, profile: bool) -> Output:
    """``profile``: it also names the profile that the credentials do."""
    parts = {name: cluster[name] for name in ("arn", "certificateAuthority", "endpoint", "name")}
    return together({**parts, "credentials": credentials}, lambda known: _config(known, profile=profile))


def as_json(config: Output) -> Output:
    """As JavaScript writes it."""
    return config.map(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _config(known: Mapping[str, Any], *, profile: bool) -> Any:
    credentials = known.get("credentials") or {}
    args = [
        "--region",
        known["arn"].split(":")[3],
        "eks",
        "get-token",
        "--cluster-name",
        known["name"],
        "--output",
        "json",
    ]
    if credentials.get("roleArn"):
        args += ["--role", credentials["roleArn"]]
    if profile and credentials.get("profileName"):
        args += ["--profile", credentials["profileName"]]
    server = {"server": known["endpoint"], "certificate-authority-data": known["certificateAuthority"]["data"]}
    return {
        "apiVersion": "v1",
        "clusters": [{"cluster": server, "name": "kubernetes"}],
        "contexts": [{"context": {"cluster": "kubernetes", "user": "aws"}, "name": "aws"}],
        "current-context": "aws",
        "kind": "Config",
        "users": [{"name": "aws", "user": {"exec": {"apiVersion": _API, "command": "aws", "args": args, "env": _ENV}}}],
    }


def await_healthy(endpoint: str) -> None:
    """Returns once the API server says that it is healthy, or after five minutes: what uses it will say why not."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # as pulumi-eks: no credentials are sent
    for _ in range(_TRIES):
        try:
            with urllib.request.urlopen(f"{endpoint}/healthz", timeout=1, context=context) as answer:  # noqa: S310 (https)
                if answer.status == 200:
                    return
        except OSError:
            pass
        time.sleep(_PAUSE_SECONDS)
