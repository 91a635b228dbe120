"""The canonical user id by which S3 names an account.

AWS facts: each account has one, a 64 digit hexadecimal number that says nothing of the account id; the anonymous caller
has 65a011a29cdf8ec533ec3d1ccaae921c. S3 names no DisplayName any more (since November 2025).
"""

from __future__ import annotations

import hashlib

from localcloud.server.call import Caller, Params

ANONYMOUS_ID = "65a011a29cdf8ec533ec3d1ccaae921c"


def canonical_id(account_id: str) -> str:
    """The account's canonical user id; the same in every run."""
    if not account_id:
        return ANONYMOUS_ID
    return hashlib.sha256(f"canonical user of {account_id}".encode()).hexdigest()


def owner(account_id: str) -> Params:
    return {"ID": canonical_id(account_id)}


def initiator(caller: Caller) -> Params:
    """Who began a multipart upload: the IAM principal, or the account itself if it is the root user."""
    if caller.kind in {"user", "assumed-role"}:
        return {"ID": caller.arn, "DisplayName": caller.arn.rsplit("/", 1)[-1]}
    return owner(caller.account_id)
