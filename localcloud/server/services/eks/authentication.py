"""Who a bearer token of ``aws eks get-token`` is, to a cluster.

AWS facts (aws-iam-authenticator): the token is ``k8s-aws-v1.`` and a presigned GetCallerIdentity, signed with the
header x-k8s-aws-id that names the cluster; it lasts 15 minutes from its signing, whatever expiry it names. The access
entry of the caller's role or user says as whom it is let in, if that is still the one that was entered.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from localcloud.server.access import resources
from localcloud.server.call import Caller, Refusal
from localcloud.server.callers import identify
from localcloud.server.signing import read_signature
from localcloud.server.wire import HttpRequest

from .model import Cluster

if TYPE_CHECKING:
    from localcloud.kubernetes.api import User

PREFIX: Final = "k8s-aws-v1."
HEADER: Final = "x-k8s-aws-id"
LIFETIME: Final = timedelta(minutes=15)
SKEW: Final = timedelta(minutes=1)
_OPERATION: Final = "GetCallerIdentity"


def user(cluster: Cluster, token: str) -> User | None:
    """The user that the token's caller is let in as; None if it is nobody's."""
    caller = caller_of(cluster.name, token)
    entry = cluster.entries.get(caller.principal_arn) if caller else None
    principal = resources.by_arn(entry.principal) if entry else None
    if caller is None or entry is None or principal is None or principal.id != entry.unique_id:
        return None
    from localcloud.kubernetes.api import AccessPolicy, User

    session = caller.arn.split("/")[-1] if caller.kind == "assumed-role" else ""
    name = entry.username.replace("{{SessionName}}", session).replace("{{SessionNameRaw}}", session)
    policies = tuple(AccessPolicy(one.arn, one.namespaces or ()) for one in list(entry.policies.values()))
    return User(name=name, groups=(*entry.groups, "system:authenticated"), policies=policies)


def caller_of(cluster: str, token: str) -> Caller | None:
    """Who signed the token for that cluster; None if it isn't a valid one."""
    request = _request(cluster, token)
    if request is None:
        return None
    try:
        signature = read_signature(request)
        if signature is None or signature.service != "sts" or HEADER not in signature.signed_headers:
            return None
        if not -SKEW <= datetime.now(UTC) - signature.time <= LIFETIME:
            return None
        return identify(request, replace(signature, expires_in=int(LIFETIME.total_seconds())), "query")
    except (Refusal, ValueError):
        return None


def _request(cluster: str, token: str) -> HttpRequest | None:
    """The call of STS that the token is, as it will arrive there."""
    try:
        text = token.removeprefix(PREFIX)
        url = urlsplit(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    except (ValueError, binascii.Error):
        return None
    request = HttpRequest(
        method="GET",
        target=f"{url.path or '/'}?{url.query}",
        headers={"host": url.netloc, HEADER: cluster},
        secure=url.scheme == "https",
    )
    wanted = token.startswith(PREFIX) and request.query_values.get("Action") == _OPERATION
    return request if wanted and request.path == "/" else None
