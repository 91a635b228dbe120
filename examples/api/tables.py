"""
The tables as the last migration leaves them, by natural keys: a dataset's folder in the bucket identifies its rows.

Other names than the portal's own tables have, so that both fit into one database. A change here needs a migration.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Integer, MetaData, Numeric, Table, Text

METADATA: Final = MetaData()

DEPOSITIONS: Final = Table(
    "depositions",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
)
DATASETS: Final = Table(
    "datasets",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("s3_prefix", Text, nullable=False),
    Column("https_prefix", Text, nullable=False),
)
RUNS: Final = Table(
    "runs",
    METADATA,
    Column("dataset_id", Integer, ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("s3_prefix", Text, nullable=False),
    Column("https_prefix", Text, nullable=False),
)
TOMOGRAMS: Final = Table(
    "tomograms",
    METADATA,
    Column("dataset_id", Integer, primary_key=True, autoincrement=False),
    Column("run", Text, primary_key=True),
    Column("voxel_spacing", Numeric(9, 3), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    *(Column(f"size_{axis}", Integer, nullable=False) for axis in "xyz"),
    Column("s3_mrc_file", Text),
    Column("https_mrc_file", Text),
    Column("file_size_mrc", BigInteger),
    Column("s3_omezarr_dir", Text),
    Column("https_omezarr_dir", Text),
    Column("file_size_omezarr", BigInteger),
    ForeignKeyConstraint(["dataset_id", "run"], ["runs.dataset_id", "runs.name"], ondelete="CASCADE"),
)
