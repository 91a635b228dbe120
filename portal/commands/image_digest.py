"""`portal image-digest`."""

from __future__ import annotations

from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from portal.errors import PortalError
from portal.images import by_tag, pinned
from portal.stack_files import stack_files


def image_digest(
    image: Annotated[
        str | None,
        typer.Argument(help="HOST/NAME:TAG; left out: every image that the stack files name by its tag alone"),
    ] = None,
) -> None:
    """Print an image with the digest of what its tag names now: with it, a setting names this image for good."""
    portal = stack_files()
    if image is not None:
        try:
            print(pinned(portal, image))
        except PortalError as error:
            raise PortalError(f"IMAGE: {image!r}: {error}") from error
        return
    places = [*by_tag(portal)]
    answers, failed = dict[str, str](), False
    for one in dict.fromkeys(image for _, image in places):
        try:
            answers[one] = pinned(portal, one)
        except (PortalError, ClientError, BotoCoreError) as error:
            answers[one], failed = f"{one}: {error}", True
    for place, one in places:
        print(f"{place}: {answers[one]}")
    if failed:
        raise typer.Exit(1)
