"""HTML by functions: what is not markup already is escaped."""

from html import escape
from typing import Final

VOID: Final = {"input", "link", "meta"}
Attribute = str | int | bool | None


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


Content = str | int | float


def element(name: str, /, *content: Content, **attributes: Attribute) -> Markup:
    """
    One element. Of attributes, `class_` is `class` and `data_zarr` `data-zarr`; True is one without a value, None and
    False are left out.
    """
    opening = "".join([f"<{name}", *(_attribute(key, value) for key, value in attributes.items()), ">"])
    return Markup(opening if name in VOID else f"{opening}{join(*content)}</{name}>")


def join(*content: Content) -> Markup:
    return Markup("".join(part if isinstance(part, Markup) else escape(str(part)) for part in content))


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
