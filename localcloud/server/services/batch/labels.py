"""Names and tags: what AWS refuses in them (user guide, *Tag restrictions*)."""

from __future__ import annotations

import re

from localcloud.server.call import Call

from .model import client_error

NAME = r"[0-9A-Za-z_-]{1,128}"
JOB_NAME = r"[0-9A-Za-z][0-9A-Za-z_-]{0,127}"
TAG = re.compile(r"[\w\s.:/=+\-@]*")


def check_name(call: Call, kind: str, name: str, pattern: str = NAME) -> None:
    """``kind`` is what the message calls the named: Job, Job queue, ..."""
    if not re.fullmatch(pattern, name, re.ASCII):
        raise client_error(call, f"{kind} name should match valid pattern: ^{pattern}$")


def check_tags(call: Call) -> None:
    """The call's ``tags``, if it has any."""
    for text in [word for pair in call.params.get("tags", {}).items() for word in pair]:
        if not TAG.fullmatch(text):
            allowed = "letters, numbers, spaces, and the following special characters: _ . : / = + - @"
            raise client_error(call, f"Tags can only contain {allowed}. Refused: {text}")
