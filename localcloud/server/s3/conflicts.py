"""Two configurations written to one bucket at once.

AWS facts: S3 refuses a configuration call that meets another one in flight on the same bucket with OperationAborted
(409), as PutBucketPolicy, PutPublicAccessBlock and PutBucketOwnershipControls do when they race; which pairs, it
doesn't say. A name just deleted may also be OperationAborted for a while when it is made again from elsewhere.

Here: of two calls of the group :data:`RACING` that overlap on one bucket the later is OperationAborted, and each takes
at least :data:`IN_FLIGHT_SECONDS`, about what AWS takes, so that calls sent side by side do overlap. Other
configuration calls wait for each other. Making a name again after its deletion is not refused.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from ..call import Call, Refusal
from .store import documents

RACING = (
    "PutBucketPolicy",
    "DeleteBucketPolicy",
    "PutPublicAccessBlock",
    "DeletePublicAccessBlock",
    "PutBucketOwnershipControls",
    "DeleteBucketOwnershipControls",
)
IN_FLIGHT_SECONDS = 0.02


@contextmanager
def changing(call: Call) -> Generator[dict[str, Any]]:
    """The bucket's documents, for this call alone to write; raises :class:`Refusal` OperationAborted."""
    held = documents(call.params["Bucket"])
    if call.operation not in RACING:
        with held.object_lock:
            yield held.single
        return
    if not held.lock.acquire(blocking=False):
        raise Refusal(
            "OperationAborted",
            "A conflicting conditional operation is currently in progress against this resource. Please try again.",
            409,
        )
    try:
        time.sleep(IN_FLIGHT_SECONDS)
        yield held.single
    finally:
        held.lock.release()
