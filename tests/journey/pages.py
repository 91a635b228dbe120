"""An environment's site in a browser, as a visitor of the portal sees it."""

from __future__ import annotations

import warnings

from examples.ingest.phantom import phantom
from tests.examples.browser import Browser, browser, installed
from tests.examples.viewing import DRAWN, assert_drawn

TITLE, RUN = "Phantom", "TS_001"
ASKED = """fetch("/graphql", {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({query: "{ datasets { title runs { name } } }"}),
}).then((answer) => answer.json())"""


def visit(site: str) -> None:
    """From the list of datasets to a slice of the phantom. Without a browser there is a warning."""
    if installed() is None:
        warnings.warn("no browser is on PATH: nobody looked at the site (apt-get install chromium)", stacklevel=2)
        return
    with browser() as chrome:
        chrome.open(site)
        _follow(chrome, TITLE)
        _follow(chrome, RUN)
        chrome.until(DRAWN)
        volume = phantom(2)
        plane = volume[len(volume) // 2]
        assert_drawn(chrome, plane, float(plane.min()), float(plane.max()))
        [dataset] = chrome.value(ASKED)["data"]["datasets"]
        assert dataset == {"title": TITLE, "runs": [{"name": RUN}]}
        assert chrome.complaints == []


def _follow(chrome: Browser, text: str) -> None:
    link = f"[...document.links].find((link) => link.textContent === {text!r})"
    chrome.until(f"Boolean({link})")
    chrome.value(f"{link}.click()")
    chrome.until(f"document.querySelector('h1').textContent.endsWith({text!r})")
