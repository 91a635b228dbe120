"""Where everything stands: accounts below each other, an environment a band, columns from requests to data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portal.diagram.model import Account, Column, Edge, Node

BOX_WIDTH, BOX_HEIGHT = 190, 42
COLUMN_GAP, ROW_GAP = 60, 14
MARGIN, PADDING, HEADING = 16, 14, 24
IN_NETWORK: Final = (Column.BALANCER, Column.SERVICE, Column.DATABASE, Column.JOBS)
BESIDE: Final = (Column.BUCKET, Column.DATA_CDN)
"""The columns beside the environments, of which no environment has a box."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle, with a heading."""

    x: float
    y: float
    width: float
    height: float
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A node with the place of its box."""

    node: Node
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """An edge from one point to another; between them a column or more."""

    edge: Edge
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Picture:
    width: float
    height: float
    accounts: Sequence[Box]
    networks: Sequence[Box]
    bands: Sequence[Box]
    nodes: Sequence[Placed]
    lines: Sequence[Line]
    remarks: Sequence[Box]


class _Placing:
    def __init__(self, accounts: Sequence[Account]) -> None:
        used = sorted({node.column for account in accounts for node in account.nodes})
        step = BOX_WIDTH + COLUMN_GAP
        self.x = {column: MARGIN + 2 * PADDING + place * step for place, column in enumerate(used)}
        self.right = MARGIN + 4 * PADDING + len(used) * step - COLUMN_GAP
        self.accounts: list[Box] = []
        self.networks: list[Box] = []
        self.bands: list[Box] = []
        self.nodes: list[Placed] = []
        self.remarks: list[Box] = []

    def account(self, account: Account, top: float) -> float:
        """Places an account, and answers where it ends."""
        y = top + HEADING + (HEADING if account.network else 0) + PADDING
        begun = y
        for environment in account.environments:
            y = self._band(account, environment, y) + PADDING
        shared = _columns([node for node in account.nodes if node.environment not in account.environments])
        beside = {column: nodes for column, nodes in shared.items() if column in BESIDE}
        below = {column: nodes for column, nodes in shared.items() if column not in BESIDE}
        if below:
            y = self._stacks(below, y, y + _highest(below)) + PADDING
        end = max(y, begun + _highest(beside) + PADDING)
        self._stacks(beside, begun, end - PADDING)
        if account.network:
            self._network(account, top + HEADING, end)
        bottom = end + HEADING
        width = self.right - MARGIN
        self.accounts.append(Box(x=MARGIN, y=top, width=width, height=bottom - top, text=account.title))
        self.remarks.append(Box(x=MARGIN + PADDING, y=end, width=width, height=HEADING, text=account.remark))
        return bottom

    def _network(self, account: Account, top: float, end: float) -> None:
        columns = [self.x[column] for column in IN_NETWORK if column in self.x]
        left, right = min(columns) - PADDING, max(columns) + BOX_WIDTH + PADDING
        self.networks.append(Box(x=left, y=top, width=right - left, height=end - top, text=account.network))

    def _band(self, account: Account, environment: str, top: float) -> float:
        nodes = [node for node in account.nodes if node.environment == environment]
        columns = _columns(nodes)
        end = self._stacks(columns, top + HEADING, top + HEADING + _highest(columns)) + PADDING
        started = account.environments[environment]
        left = min(self.x[column] for column in columns) - PADDING / 2
        right = max(self.x[column] for column in columns) + BOX_WIDTH + PADDING / 2
        text = f"Environment {environment}" + (f". {started}" if started else "")
        self.bands.append(Box(x=left, y=top, width=right - left, height=end - top, text=text))
        return end

    def _stacks(self, columns: Mapping[Column, Sequence[Node]], top: float, bottom: float) -> float:
        """Each column's boxes below each other, in the middle between two heights; answers the lower one."""
        for column, nodes in columns.items():
            y = top + (bottom - top - _height(len(nodes))) / 2
            for node in nodes:
                self.nodes.append(Placed(node=node, x=self.x[column], y=y))
                y += BOX_HEIGHT + ROW_GAP
        return bottom


def _height(boxes: int) -> float:
    return boxes * (BOX_HEIGHT + ROW_GAP) - ROW_GAP


def _highest(columns: Mapping[Column, Sequence[Node]]) -> float:
    return max((_height(len(nodes)) for nodes in columns.values()), default=0.0)


def _columns(nodes: Sequence[Node]) -> dict[Column, list[Node]]:
    columns: dict[Column, list[Node]] = defaultdict(list)
    for node in nodes:
        columns[node.column].append(node)
    return columns


def place(accounts: Sequence[Account], edges: Sequence[Edge]) -> Picture:
    """The same graph is always placed in the same way."""
    placing, y = _Placing(accounts), float(MARGIN)
    for account in accounts:
        y = placing.account(account, y) + MARGIN
    return Picture(
        width=placing.right + MARGIN,
        height=y,
        accounts=placing.accounts,
        networks=placing.networks,
        bands=placing.bands,
        nodes=placing.nodes,
        remarks=placing.remarks,
        lines=_lines(placing.nodes, edges),
    )


def _lines(nodes: Sequence[Placed], edges: Sequence[Edge]) -> list[Line]:
    """Lines end at the sides that face each other, spread over a side in the order of their other ends."""
    by_key = {placed.node.key: placed for placed in nodes}
    sides: dict[tuple[str, bool], list[tuple[float, str, int]]] = defaultdict(list)
    for number, edge in enumerate(edges):
        origin, target = by_key[edge.origin], by_key[edge.target]
        rightward = origin.x < target.x
        sides[edge.origin, rightward].append((target.y, target.node.key, number))
        sides[edge.target, not rightward].append((origin.y, origin.node.key, number))
    points: dict[tuple[int, str], tuple[float, float]] = {}
    for (key, right), ends in sides.items():
        box = by_key[key]
        for place_, (_, _, number) in enumerate(sorted(ends), start=1):
            y = box.y + BOX_HEIGHT * place_ / (len(ends) + 1)
            points[number, key] = (box.x + (BOX_WIDTH if right else 0), y)
    return [
        Line(edge=edge, start=points[number, edge.origin], end=points[number, edge.target])
        for number, edge in enumerate(edges)
    ]
