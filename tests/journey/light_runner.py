"""A stand-in for the jobs' image that does next to nothing, for fleets: the runner's contract without the workflow.

It reads the input document, writes one marker object beside it and then the output document, with the job role's
credentials, and ends with 143 if it is told to stop. The input ``holds`` names the states (``RunSPOT``) in which it
says ``half`` first and waits for a file of this machine, ``until``; without one, for ever. ``fails`` has it end with an
error. Run by its path, and from the standard library alone: it starts in a few hundredths of a second.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import ssl
import sys
import time
from typing import Any
from urllib.parse import quote, urlsplit

TOLD_TO_STOP = 143
LOOK_SECONDS = 0.05
REGION = os.environ["AWS_DEFAULT_REGION"]


def _credentials() -> dict[str, str]:
    place = urlsplit(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    connection = http.client.HTTPConnection(place.netloc, timeout=60)
    connection.request("GET", place.path)
    answer: dict[str, str] = json.load(connection.getresponse())
    return answer


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class S3:
    """S3 through one connection, signed with Signature Version 4."""

    def __init__(self) -> None:
        self._keys = _credentials()
        self._host = urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc
        trusted = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
        self._connection = http.client.HTTPSConnection(self._host, context=trusted, timeout=60)

    def call(self, method: str, uri: str, body: bytes = b"") -> tuple[int, bytes]:
        """HTTP status and content of a request for an ``s3://`` URI."""
        path = quote(f"/{uri.removeprefix('s3://')}")
        self._connection.request(method, path, body, self._signed(method, path, body))
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _signed(self, method: str, path: str, body: bytes) -> dict[str, str]:
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        digest = hashlib.sha256(body).hexdigest()
        headers = {
            "host": self._host,
            "x-amz-content-sha256": digest,
            "x-amz-date": now,
            "x-amz-security-token": self._keys["Token"],
        }
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = "\n".join((method, path, "", lines, names, digest))
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        text = "\n".join(("AWS4-HMAC-SHA256", now, scope, hashlib.sha256(request.encode()).hexdigest()))
        key = f"AWS4{self._keys['SecretAccessKey']}".encode()
        for part in scope.split("/"):
            key = _hmac(key, part)
        credential = f"{self._keys['AccessKeyId']}/{scope}"
        signature = _hmac(key, text).hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
        )
        return headers


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(TOLD_TO_STOP))
    s3, output = S3(), os.environ["WDL_OUTPUT_URI"]
    status, content = s3.call("GET", os.environ["WDL_INPUT_URI"])
    if status != http.client.OK:
        sys.exit(f"the input: {status} {content.decode()}")
    given: dict[str, Any] = json.loads(content)
    if os.environ["SFN_CURRENT_STATE"] in given.get("holds", []):
        print("half", flush=True)
        while not os.access(given.get("until", ""), os.F_OK):
            time.sleep(LOOK_SECONDS)
    marker = f"{output.rpartition('/')[0]}/marker"
    if given.get("fails"):
        sys.exit("as it was told")
    for uri, document in ((marker, {"state": os.environ["SFN_CURRENT_STATE"]}), (output, {"light.marker": marker})):
        status, content = s3.call("PUT", uri, json.dumps(document).encode())
        if status != http.client.OK:
            sys.exit(f"{uri}: {status} {content.decode()}")
    print("done", flush=True)


main()
