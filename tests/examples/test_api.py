"""The example API over a real PostgreSQL: what it answers, and in how many queries of the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from examples.api import reading
from examples.api.app import application
from examples.asgi import Application
from tests.examples.asking import query
from tests.examples.rows import BIG, DATASET, HTTPS, OTHER


@pytest.fixture(scope="module")
def api(engine: Engine) -> Application:
    return application(engine, threads=2)


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """The SQL that was run."""
    texts: list[str] = []

    def note(*arguments: Any) -> None:
        texts.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    yield texts
    event.remove(engine, "before_cursor_execute", note)


def test_everything_of_a_run(api: Application) -> None:
    text = """query Q($id: Int!) { datasets(where: {id: {_eq: $id}}) { id title s3Prefix httpsPrefix runs { name
        datasetId
        dataset { id } tomograms { runName number voxelSpacing sizeX sizeY sizeZ httpsMrcFile fileSizeMrc
        httpsOmezarrDir fileSizeOmezarr run { name } } } } }"""
    [dataset] = query(api, text, id=OTHER).data["datasets"]
    folder = f"{HTTPS}/{OTHER}/other/Reconstructions/VoxelSpacing13.480/Tomograms"
    common = {"runName": "other", "voxelSpacing": 13.48, "sizeX": 112, "sizeY": 96, "sizeZ": 80, "fileSizeMrc": BIG}
    run = {"run": {"name": "other"}}
    with_zarr = {"httpsOmezarrDir": f"{folder}/100/other.zarr", "fileSizeOmezarr": 1000}
    without = {"httpsOmezarrDir": None, "fileSizeOmezarr": None}
    assert dataset == {
        "id": OTHER,
        "title": f"Phantom {OTHER}",
        "s3Prefix": f"s3://bucket/{OTHER}",
        "httpsPrefix": f"{HTTPS}/{OTHER}",
        "runs": [
            {
                "name": "other",
                "datasetId": OTHER,
                "dataset": {"id": OTHER},
                "tomograms": [
                    {"number": 100, "httpsMrcFile": f"{folder}/100/other.mrc", **common, **with_zarr, **run},
                    {"number": 101, "httpsMrcFile": f"{folder}/101/other.mrc", **common, **without, **run},
                ],
            }
        ],
    }


def test_a_relation_takes_one_query_for_all_rows_of_a_level(api: Application, statements: list[str]) -> None:
    text = """{ datasets { runsCount tomogramsCount runs { dataset { id } tomograms { run { name dataset { id } } }
        named: tomograms(where: {number: {_eq: 100}}) { number } } } }"""
    datasets = query(api, text).data["datasets"]
    assert [len(run["tomograms"]) for dataset in datasets for run in dataset["runs"]] == [2, 2, 2, 2]
    assert [len(run["named"]) for dataset in datasets for run in dataset["runs"]] == [1, 1, 1, 1]
    assert [(dataset["runsCount"], dataset["tomogramsCount"]) for dataset in datasets] == [(3, 6), (1, 2)]
    relations = ("runs", "tomograms", "named", "dataset", "run", "dataset of run")
    assert len(statements) == len(("datasets", "runsCount", "tomogramsCount", *relations))


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ('{name: {_eq: "TS_002"}}', ["TS_002"]),
        ('{name: {_in: ["TS_002", "other", "x"]}}', ["TS_002", "other"]),
        ('{name: {_neq: "TS_002"}, datasetId: {_eq: 10000}}', ["TS_001", "TS_003"]),
        ('{name: {_like: "ts%"}}', []),
        ('{name: {_ilike: "ts%"}}', ["TS_001", "TS_002", "TS_003"]),
        (r'{name: {_ilike: "ts\\_002"}}', ["TS_002"]),
        (r'{name: {_ilike: "ts\\%"}}', []),
        ("{datasetId: {_gt: 10000}}", ["other"]),
        ("{datasetId: {_gte: 10000, _lt: 10001}}", ["TS_001", "TS_002", "TS_003"]),
        ("{datasetId: {_lte: 9999}}", []),
        ("{name: {_in: []}}", []),
        ("{}", ["TS_001", "TS_002", "TS_003", "other"]),
    ],
)
def test_conditions(api: Application, where: str, names: list[str]) -> None:
    found = query(api, f"{{ runs(where: {where}, orderBy: [{{name: asc}}]) {{ name }} }}").data["runs"]
    assert [run["name"] for run in found] == names


def test_order_and_parts_of_lists(api: Application) -> None:
    def names(arguments: str) -> list[str]:
        return [run["name"] for run in query(api, f"{{ runs({arguments}) {{ name }} }}").data["runs"]]

    assert names("orderBy: [{datasetId: desc}, {name: desc}]") == ["other", "TS_003", "TS_002", "TS_001"]
    assert names("orderBy: [{name: asc}], limitOffset: {limit: 2, offset: 1}") == ["TS_002", "TS_003"]
    assert names("limitOffset: {limit: 0}") == []
    text = "{ datasets { runs(orderBy: [{name: desc}], limitOffset: {limit: 1, offset: 1}) { name } } }"
    assert query(api, text).data["datasets"] == [{"runs": [{"name": "TS_002"}]}, {"runs": []}]
    null = query(api, '{ tomograms(where: {httpsOmezarrDir: {_is_null: true}, runName: {_eq: "other"}}) { number } }')
    assert null.data["tomograms"] == [{"number": 101}]
    assert query(api, "{ depositions { id title } datasetsCount }").data == {
        "depositions": [{"id": 10300, "title": "A deposition"}],
        "datasetsCount": 2,
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{ runs(where: {name: {_eq: null}}) { name } }", "where.name: _eq must not be null"),
        ("{ runs(where: {name: null}) { name } }", "where: name must not be null"),
        ("{ runs(orderBy: [{}]) { name } }", "each item must name one field, this one names 0"),
        ("{ runs(orderBy: [{name: asc, datasetId: asc}]) { name } }", "this one names 2"),
        ("{ runs(limitOffset: {limit: 1001}) { name } }", "limitOffset.limit: 1001 must be from 0 to 1000"),
        ("{ runs(limitOffset: {offset: -1}) { name } }", "limitOffset.offset: -1 must not be negative"),
        ("{ datasets { runs(limitOffset: {limit: -1}) { name } } }", "limitOffset.limit: -1 must be from 0 to 1000"),
        ("{ runs(where: {id: {_eq: 1}}) { name } }", "not to include unknown field 'id'"),
        ("{ nothing }", "Cannot query field 'nothing'"),
        ("{ runs { name }", "Syntax Error"),
    ],
)
def test_a_query_that_means_nothing_is_refused(api: Application, text: str, says: str) -> None:
    answer = query(api, text)
    assert answer.status == 400
    assert says in answer.json["errors"][0]["message"]


def test_an_answer_has_a_size(api: Application, monkeypatch: pytest.MonkeyPatch, statements: list[str]) -> None:
    monkeypatch.setattr(reading, "MAX_VALUES", 60)
    assert query(api, "{ datasets { runs { tomograms { number } } } }").data  # 4 fields, 2 + 4 + 8 rows
    answer = query(api, "{ datasets { runs { tomograms { number runName } } } }")  # 5 fields
    assert answer.status == 400
    assert "more than 60 values (rows, times the 5 fields of the query)" in answer.error
    assert "LIMIT" in statements[-1], "the database is not asked for more either"


def test_a_snapshot_is_read(api: Application, engine: Engine) -> None:
    """All of an answer is of one moment: the relation is as it was when the list was read."""
    change = "UPDATE runs SET s3_prefix = '%s' WHERE dataset_id = 10001"
    before = f"s3://bucket/{OTHER}/other"

    def update(prefix: str) -> None:
        with engine.connect() as other:
            other.exec_driver_sql(change % prefix)
            other.commit()

    def between(*arguments: Any) -> None:
        if "FROM runs" in arguments[2]:
            update("changed")

    text = f"{{ datasets(where: {{id: {{_gt: {DATASET}}}}}) {{ runs {{ s3Prefix }} }} }}"
    event.listen(engine, "before_cursor_execute", between)
    try:
        assert query(api, text).data["datasets"] == [{"runs": [{"s3Prefix": before}]}]
    finally:
        event.remove(engine, "before_cursor_execute", between)
    assert query(api, text).data["datasets"] == [{"runs": [{"s3Prefix": "changed"}]}]
    update(before)
