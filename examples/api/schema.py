"""The GraphQL schema: what imports wrote, with conditions, order and parts of lists at every level. Nothing writes."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NewType, Self

import strawberry
from graphql import GraphQLError
from sqlalchemy import RowMapping, Table, func, select
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, Info

from examples.api import filters
from examples.api.filters import LimitOffset
from examples.api.limits import Limits
from examples.api.reading import Arguments, Node, Reader, Relation
from examples.api.tables import DATASETS, DEPOSITIONS, RUNS, TOMOGRAMS

log = logging.getLogger(__name__)
BigInt = NewType("BigInt", int)
_DATASET: Final = Relation(table=DATASETS, own=("dataset_id",), columns=("id",))
_RUNS: Final = Relation(table=RUNS, own=("id",), columns=("dataset_id",))
_RUN: Final = Relation(table=RUNS, own=("dataset_id", "run"), columns=("dataset_id", "name"))
_TOMOGRAMS: Final = Relation(table=TOMOGRAMS, own=("dataset_id", "name"), columns=("dataset_id", "run"))
_TOMOGRAMS_OF_DATASET: Final = Relation(table=TOMOGRAMS, own=("id",), columns=("dataset_id",))


@dataclass
class Context:
    """What the resolvers of a request share."""

    reader: Reader


@strawberry.type
class Entity:
    """A row, whose columns are its fields."""

    node: strawberry.Private[Node]

    @classmethod
    def of(cls, node: Node) -> Self:
        return cls(node=node, **cls.values(node.row))

    @classmethod
    def values(cls, row: RowMapping) -> dict[str, Any]:
        return dict(row)

    def related(self, relation: Relation, where: Any, order_by: Any, part: LimitOffset | None) -> list[Node]:
        wanted = filters.arguments(relation.table, where, order_by, part)
        return self.node.level.related(self.node.row, relation, repr((where, order_by, part)), wanted)

    def owner(self, relation: Relation) -> Node:
        [node] = self.node.level.related(self.node.row, relation, "owner", Arguments())
        return node

    def count(self, relation: Relation, where: Any) -> int:
        conditions = filters.conditions(relation.table, where)
        return self.node.level.count(self.node.row, relation, repr(where), conditions)


@strawberry.type
class Deposition(Entity):
    """What somebody deposited at once."""

    id: int
    title: str


@strawberry.type
class Dataset(Entity):
    """A sample, imaged in any number of runs."""

    id: int
    title: str
    s3_prefix: str
    https_prefix: str

    @strawberry.field
    def runs(
        self,
        where: filters.RunWhere | None = None,
        order_by: list[filters.RunOrder] | None = None,
        limit_offset: LimitOffset | None = None,
    ) -> "list[Run]":
        return [Run.of(node) for node in self.related(_RUNS, where, order_by, limit_offset)]

    @strawberry.field
    def runs_count(self, where: filters.RunWhere | None = None) -> int:
        return self.count(_RUNS, where)

    @strawberry.field
    def tomograms_count(self, where: filters.TomogramWhere | None = None) -> int:
        return self.count(_TOMOGRAMS_OF_DATASET, where)


@strawberry.type
class Run(Entity):
    """One place of a sample, imaged from many angles."""

    dataset_id: int
    name: str
    s3_prefix: str
    https_prefix: str

    @strawberry.field
    def dataset(self) -> Dataset:
        return Dataset.of(self.owner(_DATASET))

    @strawberry.field
    def tomograms(
        self,
        where: filters.TomogramWhere | None = None,
        order_by: list[filters.TomogramOrder] | None = None,
        limit_offset: LimitOffset | None = None,
    ) -> "list[Tomogram]":
        return [Tomogram.of(node) for node in self.related(_TOMOGRAMS, where, order_by, limit_offset)]

    @strawberry.field
    def tomograms_count(self, where: filters.TomogramWhere | None = None) -> int:
        return self.count(_TOMOGRAMS, where)


@strawberry.type
class Tomogram(Entity):
    """A volume that was reconstructed from a run. Sizes are voxels, the spacing angstrom, files' sizes bytes."""

    dataset_id: int
    run_name: str
    voxel_spacing: float
    number: int
    size_x: int
    size_y: int
    size_z: int
    s3_mrc_file: str | None
    https_mrc_file: str | None
    file_size_mrc: BigInt | None
    s3_omezarr_dir: str | None
    https_omezarr_dir: str | None
    file_size_omezarr: BigInt | None

    @classmethod
    def values(cls, row: RowMapping) -> dict[str, Any]:
        columns = dict(row)
        return {"run_name": columns.pop("run"), "voxel_spacing": float(columns.pop("voxel_spacing")), **columns}

    @strawberry.field
    def run(self) -> Run:
        return Run.of(self.owner(_RUN))


ContextInfo = Info[Context, None]


def _read(
    info: ContextInfo, table: Table, where: Any, order_by: Sequence[Any] | None, part: LimitOffset | None
) -> list[Node]:
    wanted = filters.arguments(table, where, order_by, part)
    query = select(table).where(*wanted.conditions).order_by(*wanted.order).offset(wanted.offset)
    return info.context.reader.level(query, wanted.limit).nodes


def _count(info: ContextInfo, table: Table, where: Any) -> int:
    query = select(func.count()).select_from(table).where(*filters.conditions(table, where))
    return int(info.context.reader.execute(query).scalar_one())


@strawberry.type
class Query:
    """What there is to read."""

    @strawberry.field
    def depositions(
        self,
        info: ContextInfo,
        where: filters.DepositionWhere | None = None,
        order_by: list[filters.DepositionOrder] | None = None,
        limit_offset: LimitOffset | None = None,
    ) -> list[Deposition]:
        return [Deposition.of(node) for node in _read(info, DEPOSITIONS, where, order_by, limit_offset)]

    @strawberry.field
    def datasets(
        self,
        info: ContextInfo,
        where: filters.DatasetWhere | None = None,
        order_by: list[filters.DatasetOrder] | None = None,
        limit_offset: LimitOffset | None = None,
    ) -> list[Dataset]:
        return [Dataset.of(node) for node in _read(info, DATASETS, where, order_by, limit_offset)]

    @strawberry.field
    def datasets_count(self, info: ContextInfo, where: filters.DatasetWhere | None = None) -> int:
        return _count(info, DATASETS, where)

    @strawberry.field
    def runs(
        self,
        info: ContextInfo,
        where: filters.RunWhere | None = None,
        order_by: list[filters.RunOrder] | None = None,
        limit_offset: LimitOffset | None = None,
    ) -> list[Run]:
        return [Run.of(node) for node in _read(info, RUNS, where, order_by, limit_offset)]

    @strawberry.field
    def tomograms(
        self,
        info: ContextInfo,
        where: filters.TomogramWhere | None = None,
        order_by: list[filters.TomogramOrder] | None = None,
        limit_offset: LimitOffset | None = None,
    ) -> list[Tomogram]:
        return [Tomogram.of(node) for node in _read(info, TOMOGRAMS, where, order_by, limit_offset)]


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Those that are not the query's are logged."""
        del execution_context
        for error in errors:
            if is_internal(error):
                log.error("%s: %s", error.path, error.message, exc_info=error.original_error)


def is_internal(error: GraphQLError) -> bool:
    """Whether an error is no fault of the query."""
    return error.original_error is not None and not isinstance(error.original_error, GraphQLError)


SCHEMA: Final = _Schema(
    Query,
    extensions=[Limits],
    config=StrawberryConfig(scalar_map={BigInt: strawberry.scalar(name="BigInt", serialize=int)}),
)
