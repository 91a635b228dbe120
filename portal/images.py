"""Which image a tag names now, by its digest: what a registry says.

OCI distribution specification: `/v2/NAME/manifests/TAG` answers the manifest, or the index of an image that is built
for several architectures, if ``Accept`` has its type; its digest is the SHA-256 of these bytes, which
``Docker-Content-Digest`` repeats. A registry's 401 says where a token is to be had, without a login for a public image.
Docker's rules: a name without a host is Docker Hub's, and plain HTTP is for this machine alone. ECR's private
registries know logins alone; the account's API says the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

from botocore.exceptions import ClientError

from components import names, rules
from portal.accounts import session
from portal.errors import PortalError
from settings import Portal
from settings.faults import file_of, path

ACCEPTED: Final = ", ".join((
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
))  # fmt: skip
DOCKER_HUB: Final = "registry-1.docker.io"
ANSWER_SECONDS: Final = 20
MOST_BYTES: Final = 4 << 20
"""Registries take no larger manifest."""
NOTHING: Final = "its registry has no such image or tag"
_ECR: Final = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com")
_LOCAL: Final = re.compile(r"(localhost|127(\.\d+){3})(:\d+)?")


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """An image by its tag."""

    host: str
    repository: str
    tag: str

    @classmethod
    def parse(cls, image: str) -> Tagged:
        """Raises PortalError for what is no image with a tag. A digest behind the tag is ignored."""
        name, _, tag = image.partition("@")[0].rpartition(":")
        if fault := rules.image(image) or ("has no tag" if not name or "/" in tag else None):
            raise PortalError(fault)
        host, _, repository = name.partition("/")
        if not repository or not (host == "localhost" or "." in host or ":" in host):
            host, repository = "docker.io", name
        if host == "docker.io":
            host, repository = DOCKER_HUB, repository if "/" in repository else f"library/{repository}"
        return cls(host=host, repository=repository, tag=tag)


def by_tag(portal: Portal) -> Iterator[tuple[str, str]]:
    """File and key of each image that the stack files name by its tag alone, and the image."""
    for stack, settings in sorted(portal.stacks.items()):
        for name, environment in settings.environments.items():
            images: dict[tuple[str | int, ...], str] = {}
            if environment.orchestrator:
                images["orchestrator", "image"] = environment.orchestrator.image
            for service, one in environment.services.items():
                images[service, "image", "tag"] = portal.image(one.image, stack)
            for number, sidecar in enumerate(environment.api.sidecars if environment.api else ()):
                images["api", "sidecars", number, "image"] = sidecar.image
            for key, image in images.items():
                if "@" not in image:
                    yield f"{file_of(stack)}: {path('portal:settings', 'environments', name, *key)}", image


def pinned(portal: Portal, image: str) -> str:
    """The image with the digest of what its tag names now. Raises PortalError, and ClientError where AWS refuses."""
    tagged = Tagged.parse(image)
    digest = _of_ecr(portal, tagged) or _of_registry(tagged)
    return f"{image.partition('@')[0]}@{digest}"


def _of_ecr(portal: Portal, image: Tagged) -> str | None:
    """None: it is in none of the accounts of the stack files."""
    match = _ECR.fullmatch(image.host)
    accounts = {one.account.id: one.account for one in portal.stacks.values()}
    if match is None or match[1] not in accounts:
        return None
    ecr = session(names.role_arn(match[1], accounts[match[1]].role), match[2]).client("ecr")
    try:
        images = ecr.describe_images(repositoryName=image.repository, imageIds=[{"imageTag": image.tag}])[
            "imageDetails"
        ]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("ImageNotFoundException", "RepositoryNotFoundException"):
            raise PortalError(NOTHING) from None
        raise
    return str(images[0].get("imageDigest"))


def _of_registry(image: Tagged) -> str:
    scheme = "http" if _LOCAL.fullmatch(image.host) else "https"
    url = f"{scheme}://{image.host}/v2/{image.repository}/manifests/{image.tag}"
    status, headers, manifest = _get(url)
    if status == HTTPStatus.UNAUTHORIZED and (token := _token(headers.get("WWW-Authenticate", ""), scheme)):
        status, headers, manifest = _get(url, token)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise PortalError(f"{image.host} wants a login, or has no such repository: is the image public?")
    if status == HTTPStatus.NOT_FOUND:
        raise PortalError(NOTHING)
    if status != HTTPStatus.OK:
        raise PortalError(f"{image.host} answers {status}")
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    if (stated := headers.get("Docker-Content-Digest", digest)) != digest:
        raise PortalError(f"{image.host} says {stated} of what has {digest}: something between changed it")
    return digest


def _token(challenge: str, scheme: str) -> str | None:
    """What the registry lets everybody have; None: nobody without a login."""
    kind, _, rest = challenge.partition(" ")
    parameters = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    realm = parameters.pop("realm", "")
    if kind.lower() != "bearer" or not realm.startswith(("https://", f"{scheme}://")):
        return None
    asked = urlencode({key: parameters[key] for key in ("service", "scope") if key in parameters})
    status, _, body = _get(f"{realm}{'&' if '?' in realm else '?'}{asked}")
    try:
        answer: Any = json.loads(body) if status == HTTPStatus.OK else {}
        return answer.get("token") or answer.get("access_token")
    except (ValueError, AttributeError):
        raise PortalError(f"{realm} gives no token") from None


def _get(url: str, token: str = "") -> tuple[int, Message, bytes]:
    """Status, headers and body. Raises PortalError where nothing answers, or too much."""
    request = urllib.request.Request(url, headers={"Accept": ACCEPTED, "User-Agent": "portal"})  # noqa: S310 - by the callers, it is http or https
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            status, headers, body = answer.status, answer.headers, answer.read(MOST_BYTES + 1)
    except HTTPError as error:
        return error.code, error.headers, b""
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", "") or error or type(error).__name__
        raise PortalError(f"{urlsplit(url).netloc} does not answer: {reason}") from error
    if len(body) > MOST_BYTES:
        raise PortalError(f"{urlsplit(url).netloc} answers with more than {MOST_BYTES >> 20} MiB, which is no manifest")
    return status, headers, body
