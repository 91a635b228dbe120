"""The example import into a real PostgreSQL: what is in the tables after it, whatever was there before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, LiteralString
from unittest.mock import patch

import psycopg
import pytest
from psycopg import sql

from examples.importer import __main__ as command
from examples.importer import database, show
from examples.importer.tables import DATASETS, RUNS
from examples.postgresql import connection_parameters
from tests.localcloud.batch_steps import PATIENCE_SECONDS
from tests.localcloud.conftest import REGION, Cloud
from tests.localcloud.datasets import Datasets, tomogram_folder
from tests.localcloud.rds_steps import PASSWORD, Databases

HTTPS = "https://files.example.com"
TABLES = ("depositions", "datasets", "runs", "tomograms")


@dataclass
class Imports:
    """Imports of a bucket into a database, both of them empty at first."""

    data: Datasets
    uri: str
    connection: psycopg.Connection[Any]
    capture: pytest.CaptureFixture[str]

    def load(self, *flags: str, uri: str | None = None) -> tuple[int, list[dict[str, Any]], str]:
        """Exit status, the lines of JSON on stdout, and stderr."""
        code = command.main(["load", "--postgres_url", uri or self.uri, self.data.bucket, HTTPS, *flags])
        said = self.capture.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    def everything(self, *flags: str) -> list[dict[str, Any]]:
        code, changes, errors = self.load("--import-everything", *flags)
        assert (code, errors) == (0, "")
        return changes

    def rows(self, table: str, *columns: LiteralString) -> list[tuple[Any, ...]]:
        columns_of = sql.SQL(", ").join(sql.SQL(name) for name in columns or ("*",))
        query = sql.SQL("SELECT {} FROM {}").format(columns_of, sql.Identifier(table))
        return sorted(self.connection.execute(query).fetchall(), key=repr)

    def versions(self) -> dict[str, list[tuple[Any, ...]]]:
        """The transactions that wrote the rows, and where the rows stand: other ones after any write."""
        return {table: self.rows(table, "ctid::text", "xmin::text") for table in TABLES}


@pytest.fixture(scope="module")
def databases(cloud: Cloud) -> Databases:
    return Databases(cloud)


@pytest.fixture(scope="module")
def cluster(databases: Databases) -> Iterator[str]:
    identifier = databases.served()
    yield identifier
    databases.remove(identifier)


@pytest.fixture
def imports(cloud: Cloud, databases: Databases, cluster: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Imports]:
    bucket = cloud.name("imports")
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    keys = cloud.session().get_credentials()
    assert keys is not None
    variables = {
        "AWS_ACCESS_KEY_ID": keys.access_key or "",
        "AWS_SECRET_ACCESS_KEY": keys.secret_key or "",
        "AWS_SESSION_TOKEN": keys.token or "",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": cloud.https_url,
        "AWS_CA_BUNDLE": cloud.ca_bundle,
        "PGSSLROOTCERT": cloud.ca_bundle,
    }
    with patch.dict(os.environ, variables), databases.connect(cluster) as connection:
        connection.execute("DROP TABLE IF EXISTS tomograms, runs, datasets, depositions, alembic_version")
        yield Imports(Datasets(s3, bucket), databases.uri(cluster), connection, capsys)


def counts(inserted: int = 0, updated: int = 0, deleted: int = 0) -> dict[str, int]:
    return {"inserted": inserted, "updated": updated, "deleted": deleted}


def test_rows_say_what_the_bucket_has(imports: Imports) -> None:
    imports.data.dataset(10000, "TS_001")
    imports.data.put("depositions_metadata/10300/deposition_metadata.json", {"deposition_title": "A deposition"})
    changes = imports.everything("--deposition-id", "10300")
    assert changes == [
        {"deposition": 10300, "depositions": counts(1)},
        {"dataset": 10000, "datasets": counts(1), "runs": counts(1), "tomograms": counts(1)},
    ]
    s3, folder = f"s3://{imports.data.bucket}", tomogram_folder(10000, "TS_001")
    assert imports.rows("depositions") == [(10300, "A deposition")]
    assert imports.rows("datasets") == [(10000, "A dataset", f"{s3}/10000", f"{HTTPS}/10000")]
    assert imports.rows("runs") == [(10000, "TS_001", f"{s3}/10000/TS_001", f"{HTTPS}/10000/TS_001")]
    [tomogram] = imports.rows("tomograms")
    assert tomogram == (
        *(10000, "TS_001", Decimal("10.000"), 100, 4, 3, 2),
        *(f"{s3}/{folder}/TS_001.mrc", f"{HTTPS}/{folder}/TS_001.mrc", 10),
        *(f"{s3}/{folder}/TS_001.zarr", f"{HTTPS}/{folder}/TS_001.zarr", 3),
    )


def test_a_name_is_a_url_that_works(imports: Imports) -> None:
    imports.data.dataset(10000, "a b+[1]")
    imports.everything()
    assert imports.rows("runs", "https_prefix") == [(f"{HTTPS}/10000/a%20b%2B%5B1%5D",)]


def test_the_same_import_changes_nothing(imports: Imports) -> None:
    imports.data.dataset(10000, "TS_001", "TS_002")
    imports.everything()
    before = imports.versions()
    unchanged = {"datasets": counts(), "runs": counts(), "tomograms": counts()}
    assert imports.everything() == [{"dataset": 10000, **unchanged}]
    assert imports.versions() == before


def test_only_what_differs_is_written(imports: Imports) -> None:
    imports.data.dataset(10000, "TS_001", "TS_002")
    imports.everything()
    before = imports.versions()
    imports.data.tomogram(10000, "TS_002", size={"x": 5, "y": 3, "z": 2})
    [changes] = imports.everything()
    assert changes["tomograms"] == counts(updated=1)
    after = imports.versions()
    assert {table for table in TABLES if before[table] != after[table]} == {"tomograms"}
    assert len(set(before["tomograms"]) & set(after["tomograms"])) == 1
    assert imports.rows("tomograms", "run", "size_x") == [("TS_001", 4), ("TS_002", 5)]


def test_rows_of_what_is_gone_are_deleted(imports: Imports) -> None:
    imports.data.dataset(10000, "TS_001", "TS_002")
    imports.data.dataset(10001, "TS_001")
    second = imports.data.tomogram(10000, "TS_001", 101)
    imports.everything()
    imports.data.delete(second)
    imports.data.delete("10000/TS_002/run_metadata.json")
    imports.data.delete(f"{tomogram_folder(10000, 'TS_002')}/tomogram_metadata.json")
    [changes] = imports.everything("--s3-prefix", "10000")
    assert (changes["runs"], changes["tomograms"]) == (counts(deleted=1), counts(deleted=2))
    assert imports.rows("runs", "dataset_id", "name") == [(10000, "TS_001"), (10001, "TS_001")]
    assert imports.rows("tomograms", "dataset_id", "run", "number") == [(10000, "TS_001", 100), (10001, "TS_001", 100)]


def test_what_was_not_asked_for_stays(imports: Imports) -> None:
    imports.data.dataset(10000, "TS_001")
    imports.everything()
    imports.data.dataset(10000, title="Another title")
    imports.data.delete(f"{tomogram_folder(10000, 'TS_001')}/tomogram_metadata.json")
    assert imports.load()[:2] == (0, [{"dataset": 10000, "datasets": counts(updated=1)}])
    assert imports.load("--import-runs")[:2] == (0, [{"dataset": 10000, "datasets": counts(), "runs": counts()}])
    assert (len(imports.rows("runs")), len(imports.rows("tomograms"))) == (1, 1)


CHOICES: list[tuple[list[str], list[str]]] = [
    ([], ["datasets"]),
    (["--import-dataset-authors"], ["datasets"]),
    (["--import-runs"], ["datasets", "runs"]),
    (["--import-annotations"], ["datasets", "runs"]),
    (["--import-tomogram-authors"], ["datasets", "runs", "tomograms"]),
    (["--import-depositions", "--deposition-id", "10300"], ["depositions", "datasets"]),
    (["--deposition-id", "10300"], ["datasets"]),
    (["--filter-dataset", "10001"], []),
]


@pytest.mark.parametrize(("flags", "tables"), CHOICES)
def test_what_is_chosen_is_imported_with_what_it_belongs_to(
    imports: Imports, flags: list[str], tables: list[str]
) -> None:
    imports.data.dataset(10000, "TS_001")
    imports.data.put("depositions_metadata/10300/deposition_metadata.json", {"deposition_title": "A deposition"})
    code, changes, _ = imports.load(*flags)
    assert code == 0
    assert [table for one in changes for table in one if table in TABLES] == tables
    assert {table for table in TABLES if imports.rows(table)} == {*tables}


BROKEN: list[tuple[object, str]] = [
    ({}, "run_name is missing"),
    ("{", "is not JSON"),
    ([], "must be a JSON object"),
    ({"run_name": None}, 'null value in column "name"'),
]


@pytest.mark.parametrize(("document", "says"), BROKEN)
def test_a_dataset_that_fails_leaves_the_others(imports: Imports, document: object, says: str) -> None:
    for number in (10000, 10001, 10002):
        imports.data.dataset(number, "TS_001")
    imports.everything()
    for number in (10000, 10001, 10002):
        imports.data.dataset(number, "TS_001", title="Another title")
    before = imports.rows("datasets", "*", "xmin::text")[1]
    imports.data.put("10001/TS_002/run_metadata.json", document)
    code, changes, errors = imports.load("--import-everything")
    assert (code, [one["dataset"] for one in changes]) == (1, [10000, 10002])
    cause = json.loads(errors.splitlines()[-1])["cause"]
    assert cause.startswith("dataset 10001: ")
    assert says in cause
    titles = [(10000, "Another title"), (10001, "A dataset"), (10002, "Another title")]
    assert imports.rows("datasets", "id", "title") == titles
    assert imports.rows("datasets", "*", "xmin::text")[1] == before, "none of its rows was written"


def test_every_dataset_that_fails_is_named(imports: Imports) -> None:
    for number in (10000, 10001, 10002):
        imports.data.dataset(number, "TS_001")
    imports.data.put("10000/TS_001/run_metadata.json", {})
    imports.data.tomogram(10002, "TS_001", mrc_file="10002/none.mrc")
    code, changes, errors = imports.load("--import-everything")
    assert (code, [one["dataset"] for one in changes]) == (1, [10001])
    error = json.loads(errors.splitlines()[-1])
    assert error["error"] == "InvalidInputFileError"
    assert error["cause"].startswith("2 of 3 failed: dataset 10000: s3://")
    assert "names 10002/none.mrc, which is not there" in error["cause"]
    assert imports.rows("datasets", "id") == [(10001,)]


def test_a_folder_without_metadata_is_no_dataset_yet(imports: Imports) -> None:
    imports.data.put("10000/TS_001/run_metadata.json", {"run_name": "TS_001"})
    assert imports.everything() == []
    code, _, errors = imports.load("--s3-prefix", "10000")
    assert code == 1
    assert "10000/dataset_metadata.json is missing" in errors
    assert "dataset 'TS_001': must be a number" in imports.load("--s3-prefix", "TS_001")[2]


def test_two_imports_of_one_dataset_follow_each_other(imports: Imports) -> None:
    parameters = connection_parameters(imports.uri, "importer")
    dataset = {"id": 10000, "title": "A dataset", "s3_prefix": "s3://x", "https_prefix": HTTPS}
    run = {"dataset_id": 10000, "name": "TS_001", "s3_prefix": "s3://x", "https_prefix": HTTPS}
    done = threading.Event()

    def second() -> None:
        with database.connect(parameters) as connection:
            database.replace_rows(connection, 10000, [(DATASETS, [dataset]), (RUNS, [])])
        done.set()

    database.create_tables(parameters)
    with database.connect(parameters) as connection, connection.transaction():
        database.replace_rows(connection, 10000, [(DATASETS, [dataset]), (RUNS, [run])])
        threading.Thread(target=second).start()
        assert not done.wait(0.3)
    assert done.wait(PATIENCE_SECONDS)
    assert imports.rows("runs") == []


def test_imports_that_find_no_tables_make_them_once(imports: Imports) -> None:
    create = "import sys; from examples.importer.database import create_tables as c; c({'conninfo': sys.argv[1]})"
    uri = imports.uri.replace("+psycopg", "") + "?sslmode=verify-full"
    jobs = [subprocess.Popen([sys.executable, "-c", create, uri], stderr=subprocess.PIPE) for _ in range(4)]
    assert [(job.communicate()[1], job.returncode) for job in jobs] == [(b"", 0)] * 4
    assert imports.rows("tomograms") == []


def test_rows_are_shown_by_the_secret(imports: Imports, cloud: Cloud) -> None:
    imports.data.dataset(10000, "TS_001")
    imports.everything()
    secrets, name = cloud.client("secretsmanager"), cloud.name("uri")
    secrets.create_secret(Name=name, SecretString=json.dumps({"db_uri": imports.uri}))
    assert show.main([name]) == 0
    [row] = [json.loads(line) for line in imports.capture.readouterr().out.splitlines()]
    assert (row["dataset_id"], row["run"], row["voxel_spacing"], row["file_size_omezarr"]) == (10000, "TS_001", 10.0, 3)
    other = imports.uri.replace(PASSWORD, "another-password")
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps({"db_uri": other}))
    assert show.main([name]) == 1
    assert imports.capture.readouterr().err.startswith(f"{name}: connection failed: ")
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


ELSEWHERE: list[tuple[Callable[[str], str], str]] = [
    (lambda uri: uri.replace(PASSWORD, "another-password"), "password authentication failed"),
    (lambda uri: f"{uri}?sslmode=disable", "no encryption"),
    (lambda uri: f"{uri}?sslrootcert=/nowhere", '"/nowhere" does not exist'),
    (lambda uri: uri.rpartition("/")[0] + "/another", 'database "another" does not exist'),
]


@pytest.mark.parametrize(("other", "says"), ELSEWHERE)
def test_a_database_that_cannot_be_trusted_or_reached_is_told(
    imports: Imports, other: Callable[[str], str], says: str
) -> None:
    imports.data.dataset(10000)
    code, changes, errors = imports.load(uri=other(imports.uri))
    error = json.loads(errors.splitlines()[-1])
    assert (code, changes, error["error"]) == (1, [], "DatabaseError")
    assert says in error["cause"]
    assert "password@" not in errors


def test_a_server_with_a_certificate_of_another_is_not_connected_to(imports: Imports) -> None:
    host = imports.uri.partition("@")[2].partition(":")[0]
    code, _, errors = imports.load(uri=imports.uri.replace(host, "localhost") + f"?hostaddr={host}")
    assert code == 1
    assert "certificate" in errors
