"""The arguments of lists: conditions (`where`), order, limit and offset, and what they are in SQL."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from typing import Any, Final

import strawberry
from graphql import GraphQLError
from sqlalchemy import ColumnElement, Table
from strawberry import UNSET

from examples.api.reading import Arguments

MAX_LIMIT: Final = 1000


def _named(name: str) -> Any:
    return strawberry.field(name=name, default=UNSET)


@strawberry.input
class Integers:
    """Conditions on a whole number; all must be met."""

    eq: int | None = _named("_eq")
    neq: int | None = _named("_neq")
    gt: int | None = _named("_gt")
    gte: int | None = _named("_gte")
    lt: int | None = _named("_lt")
    lte: int | None = _named("_lte")
    any_of: list[int] | None = _named("_in")


@strawberry.input
class Numbers:
    """Conditions on a number; all must be met."""

    eq: float | None = _named("_eq")
    neq: float | None = _named("_neq")
    gt: float | None = _named("_gt")
    gte: float | None = _named("_gte")
    lt: float | None = _named("_lt")
    lte: float | None = _named("_lte")
    any_of: list[float] | None = _named("_in")


@strawberry.input
class Texts:
    """Conditions on a text; all must be met. In patterns `%` is any text, `_` any character, `\\` makes them plain."""

    eq: str | None = _named("_eq")
    neq: str | None = _named("_neq")
    like: str | None = _named("_like")
    ilike: str | None = _named("_ilike")
    any_of: list[str] | None = _named("_in")


@strawberry.input
class OptionalTexts(Texts):
    """Conditions on a text that a row may lack."""

    is_null: bool | None = _named("_is_null")


def _in(column: ColumnElement[Any], values: Any) -> ColumnElement[bool]:
    return column.in_(values)


def _is_null(column: ColumnElement[Any], wanted: Any) -> ColumnElement[bool]:
    return column.is_(None) if wanted else column.is_not(None)


def _like(column: ColumnElement[Any], pattern: Any) -> ColumnElement[bool]:
    return column.like(pattern)


def _ilike(column: ColumnElement[Any], pattern: Any) -> ColumnElement[bool]:
    return column.ilike(pattern)


_OPERATIONS: Final[Mapping[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]]] = {
    **{name: getattr(operator, name) for name in ("gt", "lt")},
    "eq": operator.eq,
    "neq": operator.ne,
    "gte": operator.ge,
    "lte": operator.le,
    "like": _like,
    "ilike": _ilike,
    "any_of": _in,
    "is_null": _is_null,
}


@strawberry.enum
class Order(Enum):
    asc = "asc"
    desc = "desc"


@strawberry.input
class LimitOffset:
    """Which part of a list: at most 1000 rows, 100 if nothing is said."""

    limit: int = 100
    offset: int = 0


@strawberry.input
class DepositionWhere:
    id: Integers | None = UNSET
    title: Texts | None = UNSET


@strawberry.input
class DatasetWhere:
    id: Integers | None = UNSET
    title: Texts | None = UNSET


@strawberry.input
class RunWhere:
    dataset_id: Integers | None = UNSET
    name: Texts | None = UNSET


@strawberry.input
class TomogramWhere:
    dataset_id: Integers | None = UNSET
    run: Texts | None = strawberry.field(name="runName", default=UNSET)
    voxel_spacing: Numbers | None = UNSET
    number: Integers | None = UNSET
    https_omezarr_dir: OptionalTexts | None = UNSET
    https_mrc_file: OptionalTexts | None = UNSET


@strawberry.input
class DepositionOrder:
    id: Order | None = UNSET
    title: Order | None = UNSET


@strawberry.input
class DatasetOrder:
    id: Order | None = UNSET
    title: Order | None = UNSET


@strawberry.input
class RunOrder:
    dataset_id: Order | None = UNSET
    name: Order | None = UNSET


@strawberry.input
class TomogramOrder:
    dataset_id: Order | None = UNSET
    run: Order | None = strawberry.field(name="runName", default=UNSET)
    voxel_spacing: Order | None = UNSET
    number: Order | None = UNSET
    file_size_mrc: Order | None = UNSET


def arguments(table: Table, where: Any, order_by: Sequence[Any] | None, part: LimitOffset | None) -> Arguments:
    """
    Raises:
        GraphQLError: an argument that is null, out of range, or more than one order in one place
    """
    wanted = part or LimitOffset()
    if not 0 <= wanted.limit <= MAX_LIMIT:
        raise GraphQLError(f"limitOffset.limit: {wanted.limit} must be from 0 to {MAX_LIMIT}")
    if wanted.offset < 0:
        raise GraphQLError(f"limitOffset.offset: {wanted.offset} must not be negative")
    return Arguments(
        conditions=conditions(table, where),
        order=[*(_order(table, item) for item in order_by or ()), *table.primary_key],
        limit=wanted.limit,
        offset=wanted.offset,
    )


def conditions(table: Table, where: Any) -> list[ColumnElement[bool]]:
    return [
        _OPERATIONS[name](table.c[column], value)
        for column, comparison in _stated(where, "where").items()
        for name, value in _stated(comparison, f"where.{column}").items()
    ]


def _order(table: Table, item: Any) -> ColumnElement[Any]:
    stated = _stated(item, "orderBy")
    if len(stated) != 1:
        raise GraphQLError(f"orderBy: each item must name one field, this one names {len(stated)}")
    [(name, direction)] = stated.items()
    return table.c[name].desc() if direction is Order.desc else table.c[name].asc()


def _stated(given: Any, place: str) -> dict[str, Any]:
    """The members of an input that the query states."""
    if given is None or given is UNSET:
        return {}
    members = fields(given)
    stated = {member.name: getattr(given, member.name) for member in members}
    if nulls := [_name(member) for member in members if stated[member.name] is None]:
        raise GraphQLError(f"{place}: {', '.join(nulls)} must not be null; leave it out, or use _is_null")
    return {name: value for name, value in stated.items() if value is not UNSET}


def _name(member: Any) -> str:
    """In the query."""
    return getattr(member, "graphql_name", None) or member.name
