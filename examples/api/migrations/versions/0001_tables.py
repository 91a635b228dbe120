"""The tables of the import. Those that imports made before there were migrations are taken as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "depositions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "datasets",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("s3_prefix", sa.Text, nullable=False),
        sa.Column("https_prefix", sa.Text, nullable=False),
        if_not_exists=True,
    )
    dataset = sa.ForeignKey("datasets.id", ondelete="CASCADE")
    op.create_table(
        "runs",
        sa.Column("dataset_id", sa.Integer, dataset, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("s3_prefix", sa.Text, nullable=False),
        sa.Column("https_prefix", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "tomograms",
        sa.Column("dataset_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("voxel_spacing", sa.Numeric(9, 3), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size_x", sa.Integer, nullable=False),
        sa.Column("size_y", sa.Integer, nullable=False),
        sa.Column("size_z", sa.Integer, nullable=False),
        sa.Column("s3_mrc_file", sa.Text),
        sa.Column("https_mrc_file", sa.Text),
        sa.Column("file_size_mrc", sa.BigInteger),
        sa.Column("s3_omezarr_dir", sa.Text),
        sa.Column("https_omezarr_dir", sa.Text),
        sa.Column("file_size_omezarr", sa.BigInteger),
        sa.ForeignKeyConstraint(["dataset_id", "run"], ["runs.dataset_id", "runs.name"], ondelete="CASCADE"),
        if_not_exists=True,
    )


def downgrade() -> None:
    for table in ("tomograms", "runs", "datasets", "depositions"):
        op.drop_table(table)
