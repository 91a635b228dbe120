"""The server as a process of its own: ``python -m localcloud.server.daemon FOLDER HTTPS_PORT HTTP_PORT CONFIGURATION
ACCOUNT...``. CONFIGURATION is a file, or empty.

It writes ``server.json`` into the folder once it answers, and takes it away as the last thing when it ends (by SIGTERM,
SIGINT or the control endpoint): a server that was killed is known by it. Whoever starts it reads its standard error as
the server's log.
"""

from __future__ import annotations

import atexit
import gc
import json
import logging
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.kubernetes.control_plane.installed import VARIABLE as KUBERNETES

if TYPE_CHECKING:
    from .cloud import Folder, LocalCloud

PORT_TAKEN = 3
BAD_ACCOUNT = 4
LOOK_SECONDS = 0.5
"""Between two looks for signals."""


def main(arguments: list[str]) -> int:
    folder_name, https_port, http_port, file, *accounts = arguments
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.captureWarnings(capture=True)
    for noisy in ("botocore", "werkzeug", "urllib3", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    log = logging.getLogger("localcloud")

    from .cloud import Folder, LocalCloud  # after logging is set up: what their import says belongs into the log
    from .configuration import load

    folder = Folder(Path(folder_name))
    atexit.register(folder.description.unlink, missing_ok=True)  # before the services register theirs, so after them
    try:
        configuration = load(Path(file)) if file else None
        cloud = LocalCloud(folder, accounts, configuration, http_port=int(http_port), https_port=int(https_port))
    except OSError as error:
        log.critical("a port is taken: HTTPS %s, HTTP %s (0 is any free one): %s", https_port, http_port, error)
        return PORT_TAKEN
    except ValueError as error:
        log.critical("%s", error)
        return BAD_ACCOUNT
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: cloud.stopped.set())
    gc.freeze()  # what is loaded stays: looking through it for garbage would take most of many requests' time
    cloud.start()
    cloud.after_reset = partial(_describe, folder, cloud)
    cloud.after_reset()
    log.info("accounts %s at %s and %s", ", ".join(accounts), cloud.https_url, cloud.http_url)
    while not cloud.stopped.wait(LOOK_SECONDS):
        pass  # the kernel may give a signal to another thread, and Python handles it once this one runs
    cloud.stop()
    return 0


def _describe(folder: Folder, cloud: LocalCloud) -> None:
    from . import children, control, scratch
    from .organization import ORGANIZATION

    description = {
        "pid": os.getpid(),
        "https_url": cloud.https_url,
        "http_url": cloud.http_url,
        "ca_bundle": str(cloud.tls.authority.resolve()),
        "accounts": list(cloud.accounts),
        "region": ORGANIZATION.region,
        "access_key_id": cloud.credentials.access_key_id,
        "secret_access_key": cloud.credentials.secret_access_key,
        "scratch": str(scratch.own()),
        "children_mark": children.MARK,
        "control_secret": control.SECRET,
        "kubernetes": os.environ.get(KUBERNETES, ""),
    }
    draft = folder.description.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_text(json.dumps(description, indent=1))
    draft.replace(folder.description)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
