"""The picture as SVG. Its texts are text, and what it shows is told to who can't see it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from portal.diagram.layout import BOX_HEIGHT, BOX_WIDTH, HEADING, MARGIN, Box, Line, Picture, Placed
from portal.diagram.model import Flow

COLOURS: Final[dict[Flow, str]] = {"data": "#0b5cad", "request": "#9a4a00", "sql": "#5b2a86"}
TOLD: Final[dict[Flow, str]] = {"data": "data flows", "request": "requests go", "sql": "SQL is asked"}
MEANINGS: Final[dict[Flow, str]] = {
    "request": "requests over HTTP",
    "sql": "SQL",
    "data": "data: objects read and written",
}
TEXT, QUIET, LINE = "#1b1f24", "#4a545e", "#8a949e"
ATTRIBUTES: Final = "role='img' aria-labelledby='title description' font-family='Segoe UI, Arial, sans-serif'"
LETTERS: Final = 31
"""As many fit into a box."""


def draw(picture: Picture) -> str:
    width, height = round(picture.width), round(picture.height + HEADING)
    names = {placed.node.key: placed.node.name for placed in picture.nodes}
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' {ATTRIBUTES}>",
        "<title id='title'>What is deployed, by account, and how data flows</title>",
        f"<desc id='description'>{escape(' '.join(_sentence(line, names) for line in picture.lines))}</desc>",
        f"<defs>{''.join(_arrows())}</defs>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
        *(_frame(box, "#f7f8fa", LINE, 13, "600") for box in picture.accounts),
        *(_frame(box, "#eef3f8", "#7d93a8", 11, "600") for box in picture.networks),
        *(_frame(box, "none", "#7d93a8", 11, "400", dashes="4 3") for box in picture.bands),
        *(_line(line) for line in picture.lines),
        *(_box(placed) for placed in picture.nodes),
        *(_text(box.x, box.y + 16, box.text, QUIET) for box in picture.remarks),
        *_legend(picture.height),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _sentence(line: Line, names: dict[str, str]) -> str:
    back = ", and back" if line.edge.both else ""
    return f"From {names[line.edge.origin]} {TOLD[line.edge.flow]} to {names[line.edge.target]}{back}."


def _arrows() -> Iterator[str]:
    for flow, colour in COLOURS.items():
        yield (
            f"<marker id='{flow}' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='9' markerHeight='9' "
            "markerUnits='userSpaceOnUse' orient='auto-start-reverse'>"
            f"<path d='M0 0 L8 4 L0 8 z' fill='{colour}'/></marker>"
        )


def _frame(box: Box, fill: str, stroke: str, size: int, weight: str, dashes: str = "") -> str:
    dashed = f" stroke-dasharray='{dashes}'" if dashes else ""
    rectangle = (
        f"<rect x='{box.x:g}' y='{box.y:g}' width='{box.width:g}' height='{box.height:g}' rx='6' fill='{fill}' "
        f"stroke='{stroke}'{dashed}/>"
    )
    return rectangle + _text(box.x + 10, box.y + 16, box.text, TEXT, size, weight)


def _box(placed: Placed) -> str:
    node = placed.node
    rectangle = (
        f"<rect x='{placed.x:g}' y='{placed.y:g}' width='{BOX_WIDTH}' height='{BOX_HEIGHT}' rx='4' fill='#ffffff' "
        f"stroke='{TEXT}'/>"
    )
    name = node.name if len(node.name) <= LETTERS else node.name[: LETTERS - 1] + "…"
    kind = _text(placed.x + 8, placed.y + 16, node.kind, QUIET)
    return f"<g><title>{escape(node.name)}</title>{rectangle}{kind}{_text(placed.x + 8, placed.y + 32, name, TEXT)}</g>"


def _line(line: Line) -> str:
    (x1, y1), (x2, y2) = line.start, line.end
    bend = (x2 - x1) / 2
    colour, flow = COLOURS[line.edge.flow], line.edge.flow
    back = f" marker-start='url(#{flow})'" if line.edge.both else ""
    return (
        f"<path d='M{x1:g} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}' fill='none' "
        f"stroke='{colour}' stroke-width='1.5' marker-end='url(#{flow})'{back}/>"
    )


def _legend(top: float) -> Iterator[str]:
    x, y = float(MARGIN), top + 4
    for flow, meaning in MEANINGS.items():
        yield (
            f"<path d='M{x:g} {y:g} H{x + 32:g}' stroke='{COLOURS[flow]}' stroke-width='1.5' "
            f"marker-end='url(#{flow})'/>{_text(x + 40, y + 4, meaning, TEXT)}"
        )
        x += 60 + 6.5 * len(meaning)


def _text(x: float, y: float, text: str, colour: str, size: int = 11, weight: str = "400") -> str:
    return f"<text x='{x:g}' y='{y:g}' fill='{colour}' font-size='{size}' font-weight='{weight}'>{escape(text)}</text>"
