"""Two configurations written to one bucket at once.

AWS facts: S3 refuses a configuration call that meets another one in flight on the same bucket with OperationAborted
(409), as PutBucketPolicy, PutPublicAccessBlock and PutBucketOwnershipControls do when they race; which pairs, it
doesn't say. A name just deleted may also be OperationAborted for a while when it is made again from elsewhere.

Here: a call of the group :data:`RACING` that came while another of them was at work on the same bucket is
OperationAborted. Each is at work for :data:`IN_FLIGHT_SECONDS` at least (AWS takes longer still), so that calls sent
side by side do overlap; calls sent one after another never do. Making a name again after its deletion is not refused.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from localcloud.server.call import Call, Refusal

from .store import documents

RACING = (
    "PutBucketPolicy",
    "DeleteBucketPolicy",
    "PutPublicAccessBlock",
    "DeletePublicAccessBlock",
    "PutBucketOwnershipControls",
    "DeleteBucketOwnershipControls",
)
IN_FLIGHT_SECONDS = 0.01


@contextmanager
def changing(call: Call) -> Generator[dict[str, Any]]:
    """The bucket's documents, to be written by this call; raises :class:`Refusal` OperationAborted."""
    configuration = documents(call.params["Bucket"])
    if call.operation not in RACING:
        with configuration.lock:
            yield configuration.single
        return
    with configuration.lock:
        if call.arrived < configuration.last_race:
            raise Refusal(
                "OperationAborted",
                "A conflicting conditional operation is currently in progress against this resource. Please try again.",
                409,
            )
        yield configuration.single
        configuration.last_race = call.done_at = time.monotonic() + IN_FLIGHT_SECONDS
