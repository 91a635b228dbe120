"""
What an import writes: the tables' natural keys, and the column by which a row belongs to a dataset or deposition.

The columns are those of `examples.api.tables`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Table:
    """
    A table of the schema.

    Attributes:
        key: its natural key
        owner: the column that says whose row it is: of one owner, all rows are imported together
    """

    name: str
    key: tuple[str, ...]
    owner: str


DEPOSITIONS: Final = Table(name="depositions", key=("id",), owner="id")
DATASETS: Final = Table(name="datasets", key=("id",), owner="id")
RUNS: Final = Table(name="runs", key=("dataset_id", "name"), owner="dataset_id")
TOMOGRAMS: Final = Table(name="tomograms", key=("dataset_id", "run", "voxel_spacing", "number"), owner="dataset_id")
