"""
Whether the job may pull a task's image: what Docker would find out from ECR with the job role's credentials.

The host of the job's container answers for the registry; outside of a job there is none to ask.
"""

import json
import os
import urllib.error
import urllib.request
from http import HTTPStatus

HOST = "ECS_CONTAINER_METADATA_URI_V4"
"""Its value ends with `metadata/v4/TOKEN`."""
TIMEOUT_SECONDS = 60


class PullError(Exception):
    """The image can't be pulled; the text is Docker's."""


def check(image: str) -> None:
    """Raises PullError if this job may not pull the image."""
    address = os.environ.get(HOST, "")
    base, _, token = address.partition("/metadata/v4/")
    if not token or not image:
        return
    request = urllib.request.Request(  # noqa: S310 - the address is the agent's
        f"{base}/pull/{token}", json.dumps({"image": image}).encode(), {"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.FORBIDDEN:
            raise
        raise PullError(json.load(error)["message"]) from None
