"""A headless Chromium, driven by its own protocol over a pipe."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
KEYS: Final = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowRight": 39, "ArrowUp": 38, "ArrowDown": 40, "Home": 36}
SECONDS: Final = 30
INTERACTIVE: Final = {"button", "checkbox", "combobox", "link", "searchbox", "slider", "textbox"}


def installed() -> str | None:
    """The browser's path. Where this process may install packages, Debian's is installed; in CI it never is."""
    if program := next(filter(None, map(shutil.which, PROGRAMS)), None):
        return program
    if "CI" not in os.environ and os.geteuid() == 0 and shutil.which("apt-get"):
        words = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
        subprocess.run(words, check=False, capture_output=True, timeout=300)
    return shutil.which(PROGRAMS[0])


WITH_PIPES: Final = """
import os, sys
from fcntl import F_DUPFD, fcntl
reading, writing = (fcntl(int(number), F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(reading, 3), os.dup2(writing, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads from descriptor 3 and writes to 4."""


class Browser:
    """One page of a browser.

    Attributes:
        complaints: what the page's console has of errors and refusals
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.complaints: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self._ask(f"{domain}.enable")
        self._ask("Network.setCacheDisabled", cacheDisabled=True)  # tests change what a URL has

    def open(self, url: str) -> None:
        """A page, when it has loaded. It is opened anew: a page that is loaded again keeps what was chosen on it."""
        self._ask("Page.navigate", url="about:blank")
        assert "errorText" not in self._ask("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression, or the promise that it gives, is."""
        answer = self._evaluate(expression)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits until an expression is true; one that fails, because the page is not there yet, is not."""
        deadline = time.monotonic() + SECONDS
        while self._evaluate(expression)["result"].get("value") is not True:
            assert time.monotonic() < deadline, f"waited {SECONDS} seconds for {expression}; {self.complaints}"
            self._evaluate("new Promise((done) => setTimeout(done, 20))")

    def _evaluate(self, expression: str) -> dict[str, Any]:
        return self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)

    def press(self, key: str) -> None:
        """A key of KEYS, as a keyboard sends it."""
        stroke = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self._ask("Input.dispatchKeyEvent", type="keyDown", **stroke, **text)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **stroke)

    def write(self, text: str) -> None:
        self._ask("Input.insertText", text=text)

    def roles(self) -> list[tuple[str, str]]:
        """Role and name of all that assistive technology is told of."""
        nodes = self._ask("Accessibility.getFullAXTree")["nodes"]
        shown = (node for node in nodes if not node.get("ignored"))
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown]

    def screenshot(self, file: Path, width: int = 1100, height: int = 900) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **size)
        file.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._number, "method": method, "params": params, **session}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = os.read(self._from, 1 << 20)
            assert part, "the browser has ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        match event.get("method"):
            case "Log.entryAdded" if event["params"]["entry"]["level"] == "error":
                self.complaints.append(event["params"]["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(event["params"]["exceptionDetails"]))
            case _:
                pass


@contextmanager
def browser() -> Generator[Browser]:
    program = installed()
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(PROGRAMS)} is on PATH (apt-get install chromium)")
    ours, theirs = os.pipe(), os.pipe()  # the browser reads from the first and writes to the second
    words = [program, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [sys.executable, "-c", WITH_PIPES, str(ours[0]), str(theirs[1]), *words, f"--user-data-dir={profile}"],
            pass_fds=(ours[0], theirs[1]),
            stderr=subprocess.DEVNULL,
        )
        os.close(ours[0])
        os.close(theirs[1])
        try:
            yield Browser(ours[1], theirs[0])
        finally:
            process.terminate()
            process.wait(20)
            os.close(ours[1])
            os.close(theirs[0])
