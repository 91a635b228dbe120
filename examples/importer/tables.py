"""
The tables, by natural keys: what a dataset's folder in the bucket says is what identifies its rows.

Other names than the portal's own tables have, so that both fit into one database.
"""

from dataclasses import dataclass
from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS depositions (
    id integer PRIMARY KEY,
    title text NOT NULL
);
CREATE TABLE IF NOT EXISTS datasets (
    id integer PRIMARY KEY,
    title text NOT NULL,
    s3_prefix text NOT NULL,
    https_prefix text NOT NULL
);
CREATE TABLE IF NOT EXISTS runs (
    dataset_id integer REFERENCES datasets ON DELETE CASCADE,
    name text,
    s3_prefix text NOT NULL,
    https_prefix text NOT NULL,
    PRIMARY KEY (dataset_id, name)
);
CREATE TABLE IF NOT EXISTS tomograms (
    dataset_id integer,
    run text,
    voxel_spacing numeric(9, 3),
    number integer,
    size_x integer NOT NULL,
    size_y integer NOT NULL,
    size_z integer NOT NULL,
    s3_mrc_file text,
    https_mrc_file text,
    file_size_mrc bigint,
    s3_omezarr_dir text,
    https_omezarr_dir text,
    file_size_omezarr bigint,
    PRIMARY KEY (dataset_id, run, voxel_spacing, number),
    FOREIGN KEY (dataset_id, run) REFERENCES runs ON DELETE CASCADE
);
"""


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
