"""Paths to pages. A page stays ten seconds in the CDN and in no browser; what went wrong stays nowhere."""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from typing import Final

from examples.asgi import Application, Request, Response
from examples.site import assets, pages
from examples.site.api import Api, ApiError

log = logging.getLogger(__name__)
HTML: Final = "text/html; charset=utf-8"
FRESH: Final = "public, max-age=0, s-maxage=10"
ENVIRONMENTS: Final = ("local", "dev", "staging", "prod")
_DATASET: Final = re.compile(r"/datasets/([0-9]{1,9})")
_RUN: Final = re.compile(r"/datasets/([0-9]{1,9})/runs/([^/]+)")
Page = Callable[[], bytes | None]


def application(api: Api, environment: str) -> Application:
    """
    Raises:
        ValueError: the environment has another name than the portal's have
    """
    if environment not in ENVIRONMENTS:
        raise ValueError(f"ENV: {environment!r} must be one of {', '.join(ENVIRONMENTS)}")

    def refuse(status: int, reason: str) -> Response:
        return _failure(status, pages.problem(environment, "This can't be done", reason))

    async def handle(request: Request) -> Response:
        if request.path == "/healthz":
            return Response(body=json.dumps({"status": "ok"}).encode(), content_type="application/json")
        if request.path.startswith(assets.PATH):
            return assets.respond(request.path) or _missing(environment)
        page = route(api, environment, request)
        if page is None:
            return _missing(environment)
        try:
            body = await asyncio.to_thread(page)
        except ApiError as error:
            log.warning("%s: the API: %s", request.path, error)
            return _unavailable(environment)
        if body is None:
            return _missing(environment)
        return Response(body=body, content_type=HTML, headers={"cache-control": FRESH})

    return Application(handler=handle, refuse=refuse)


def route(api: Api, environment: str, request: Request) -> Page | None:
    """What makes the page of a path."""
    if request.path == "/":
        return lambda: pages.datasets(api, environment, request.query)
    if dataset := _DATASET.fullmatch(request.path):
        return lambda: pages.dataset(api, environment, int(dataset[1]))
    if run := _RUN.fullmatch(request.path):
        return lambda: pages.run(api, environment, int(run[1]), run[2], request.query)
    return None


def _missing(environment: str) -> Response:
    return _failure(404, pages.problem(environment, "There is nothing here", "No page has this address."))


def _unavailable(environment: str) -> Response:
    why = "The portal's metadata can't be read at the moment.", "Please try again in a minute."
    return _failure(503, pages.problem(environment, "Not available", *why))


def _failure(status: int, body: bytes) -> Response:
    return Response(status=status, body=body, content_type=HTML, headers={"retry-after": "10"} if status == 503 else {})
