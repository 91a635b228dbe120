"""
What one request reads: one snapshot of the database, one query for each relation of all rows of a level, a budget.

A row remembers its level, the rows that were read with it. The first of them that is asked for a relation has the
relation read for all, so that a list of a hundred datasets with their runs takes two queries.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLError
from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Select, Table, func, select, tuple_
from sqlalchemy.exc import OperationalError

MAX_VALUES: Final = 100_000
"""Rows times fields in one answer: about a second of work."""
KEYS_IN_A_QUERY: Final = 1000
Key = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Which rows of a list are wanted, and in which order."""

    conditions: Sequence[ColumnElement[bool]] = ()
    order: Sequence[ColumnElement[Any]] = ()
    limit: int = 1
    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class Relation:
    """The rows of `table` that belong to a row: those whose `columns` have the values of the row's `own` columns."""

    table: Table
    own: tuple[str, ...]
    columns: tuple[str, ...]


class Reader:
    """
    One request's reads, in one transaction that begins with the first. Used by one thread at a time.

    Attributes:
        fields: in the request's query
        unavailable: the database could not be asked, or did not answer in time
    """

    def __init__(self, engine: Engine) -> None:
        self.fields = 1
        self.unavailable = False
        self._engine = engine
        self._connection: Connection | None = None
        self._values = 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def level(self, query: Select[Any], limit: int) -> "Level":
        return Level(self, self.rows(query, limit))

    def rows(self, query: Select[Any], limit: int | None = None) -> list[RowMapping]:
        """
        Raises:
            GraphQLError: the answer would have more values than it may
        """
        most = (MAX_VALUES - self._values) // self.fields
        rows = self.execute(query.limit(most + 1 if limit is None else min(limit, most + 1))).mappings().all()
        if len(rows) > most:
            raise GraphQLError(
                f"the answer would have more than {MAX_VALUES:,} values (rows, times the {self.fields} fields of the "
                "query): ask for fewer rows by limitOffset, or for fewer fields"
            )
        self._values += len(rows) * self.fields
        return list(rows)

    def execute(self, query: Select[Any]) -> Any:
        try:
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(isolation_level="REPEATABLE READ")
            return self._connection.execute(query)
        except OperationalError:
            self.unavailable = True
            raise


class Level:
    """Rows that were read together."""

    def __init__(self, reader: Reader, rows: Sequence[RowMapping]) -> None:
        self.nodes = [Node(row, self) for row in rows]
        self._reader = reader
        self._related: dict[tuple[Relation, str], dict[Key, list[Node]]] = {}
        self._counts: dict[tuple[Relation, str], dict[Key, int]] = {}

    def related(self, row: RowMapping, relation: Relation, name: str, arguments: Arguments) -> "list[Node]":
        """A row's relation; `name` tells the arguments apart."""
        if (relation, name) not in self._related:
            self._related[relation, name] = self._read(relation, arguments)
        return self._related[relation, name].get(_key(row, relation.own), [])

    def count(self, row: RowMapping, relation: Relation, name: str, conditions: Sequence[ColumnElement[bool]]) -> int:
        """How many rows a row's relation has."""
        if (relation, name) not in self._counts:
            self._counts[relation, name] = self._count(relation, conditions)
        return self._counts[relation, name].get(_key(row, relation.own), 0)

    def _read(self, relation: Relation, arguments: Arguments) -> "dict[Key, list[Node]]":
        rows = [row for keys in self._keys(relation) for row in self._reader.rows(_related(relation, keys, arguments))]
        related: dict[Key, list[Node]] = defaultdict(list)
        for node in Level(self._reader, rows).nodes:
            related[_key(node.row, relation.columns)].append(node)
        return related

    def _count(self, relation: Relation, conditions: Sequence[ColumnElement[bool]]) -> dict[Key, int]:
        columns = _columns(relation)
        counts: dict[Key, int] = {}
        for keys in self._keys(relation):
            wanted = (tuple_(*columns).in_(keys), *conditions)
            query = select(*columns, func.count()).where(*wanted).group_by(*columns)
            counts.update({tuple(key): number for *key, number in self._reader.execute(query)})
        return counts

    def _keys(self, relation: Relation) -> list[list[Key]]:
        keys = list(dict.fromkeys(_key(node.row, relation.own) for node in self.nodes))
        return [keys[start : start + KEYS_IN_A_QUERY] for start in range(0, len(keys), KEYS_IN_A_QUERY)]


@dataclass(frozen=True, slots=True)
class Node:
    """A row, and those that were read with it."""

    row: RowMapping
    level: Level


def _related(relation: Relation, keys: Sequence[Key], arguments: Arguments) -> Select[Any]:
    """The rows that belong to any of the keys: of each, those that the arguments want."""
    columns = _columns(relation)
    rank = func.row_number().over(partition_by=columns, order_by=arguments.order or columns).label("rank")
    ranked = select(relation.table, rank).where(tuple_(*columns).in_(keys), *arguments.conditions).subquery()
    wanted = ranked.c.rank.between(arguments.offset + 1, arguments.offset + arguments.limit)
    return select(*(ranked.c[column.name] for column in relation.table.c)).where(wanted).order_by(ranked.c.rank)


def _columns(relation: Relation) -> list[ColumnElement[Any]]:
    return [relation.table.c[name] for name in relation.columns]


def _key(row: RowMapping, columns: Sequence[str]) -> Key:
    return tuple(row[name] for name in columns)
