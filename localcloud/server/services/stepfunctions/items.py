"""Where a Distributed Map's items come from and its results go: ItemReader, ItemBatcher, ResultWriter.

AWS facts: objects are read and written as the machine's role; a CSV's rows are objects of strings; ResultWriter puts
``manifest.json`` and files of results by status under ``PREFIX/RUN/`` and gives their place instead of the results.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from localcloud.server import inside
from localcloud.server.call import Refusal

from . import jsonpath, payload
from .branch import Frame
from .failures import READER, WRITER, StateFailure
from .interpreter import effective_input
from .model import MOST_BYTES, Execution, MapRun, dumps, iso, loads, size
from .parallel import items_of, selected

LISTING = "arn:aws:states:::s3:listObjectsV2"
OBJECT = "arn:aws:states:::s3:getObject"
DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
WRITING = "arn:aws:states:::s3:putObject"


def inputs(held: Frame) -> list[Any]:
    """The input of each child execution. Raises StateFailure."""
    found = _read(held, held.state["ItemReader"]) if "ItemReader" in held.state else items_of(held)
    chosen = [selected(held, index, item) for index, item in enumerate(found)]
    return _batches(held, held.state["ItemBatcher"], chosen) if "ItemBatcher" in held.state else chosen


def _filled(held: Frame, given: dict[str, Any], where: str) -> dict[str, Any]:
    """The Arguments (JSONata) or Parameters (JSONPath) of a reader or writer."""
    if held.is_jsonata:
        from .jsonata import fill

        return fill(given.get("Arguments", {}), held.expressions(), f"{where}/Arguments")
    return payload.fill(given.get("Parameters", {}), held.data(effective_input(held)))


def _read(held: Frame, reader: dict[str, Any]) -> list[Any]:
    parameters = _filled(held, reader, "ItemReader")
    config = reader.get("ReaderConfig", {})
    try:
        found = _listed(held, parameters) if reader["Resource"] == LISTING else _parsed(held, parameters, config)
    except Refusal as refusal:
        raise StateFailure(READER, refusal.message or refusal.code) from refusal
    most = config.get("MaxItems")
    if "MaxItemsPath" in config:
        most = jsonpath.read(config["MaxItemsPath"], held.data(), field_name="MaxItemsPath")
    if most is not None and most <= 0:
        raise StateFailure(READER, "field MaxItems must be positive")
    return found[: int(most)] if most is not None else found


def _call(held: Frame, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    return inside.perform(held.branch.caller(), "s3", operation, params, held.branch.execution.region)


def _listed(held: Frame, parameters: dict[str, Any]) -> list[Any]:
    made: list[Any] = []
    following: dict[str, Any] = {}
    while True:
        answer = _call(held, "ListObjectsV2", parameters | following)
        made += [_listed_object(item) for item in answer.get("Contents", [])]
        if not answer.get("IsTruncated"):
            return made
        following = {"ContinuationToken": answer["NextContinuationToken"]}


def _listed_object(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "Etag": item["ETag"],
        "Key": item["Key"],
        "LastModified": int(item["LastModified"].timestamp()),
        "Size": item["Size"],
        "StorageClass": item.get("StorageClass", "STANDARD"),
    }


def _parsed(held: Frame, parameters: dict[str, Any], config: dict[str, Any]) -> list[Any]:
    body: bytes = _call(held, "GetObject", parameters)["Body"]
    kind = config.get("InputType", "JSON")
    text = body.decode()
    if kind == "CSV":
        return list(_rows(text, config))
    try:
        found: Any = [loads(line) for line in text.splitlines() if line] if kind == "JSONL" else loads(text)
    except ValueError as error:
        raise StateFailure(READER, f"Attempting to parse an object that is no {kind}: {error}") from error
    if "ItemsPointer" in config:
        for word in config["ItemsPointer"].split("/")[1:]:
            found = found[int(word) if isinstance(found, list) else word.replace("~1", "/").replace("~0", "~")]
    if not isinstance(found, list):
        raise StateFailure(READER, "Attempting to map over non-iterable node.")
    return found  # pyright: ignore[reportUnknownVariableType]


def _rows(text: str, config: dict[str, Any]) -> Iterator[dict[str, str]]:
    delimiter = DELIMITERS[config.get("CSVDelimiter", "COMMA")]
    rows = iter(csv.reader(io.StringIO(text), delimiter=delimiter))
    headers = config["CSVHeaders"] if config.get("CSVHeaderLocation") == "GIVEN" else next(rows, [])
    if len(set(headers)) < len(headers):
        raise StateFailure(READER, "CSV headers cannot contain duplicates.")
    for row in rows:
        yield {name: row[index] if index < len(row) else "" for index, name in enumerate(headers)}


def _batches(held: Frame, config: dict[str, Any], chosen: list[Any]) -> list[Any]:
    most = _limit(held, config, "MaxItemsPerBatch") or len(chosen) or 1
    room = _limit(held, config, "MaxInputBytesPerBatch") or MOST_BYTES
    head: dict[str, Any] = {}
    if "BatchInput" in config:
        if held.is_jsonata:
            from .jsonata import fill

            head = {"BatchInput": fill(config["BatchInput"], held.expressions(), "ItemBatcher/BatchInput")}
        else:
            data = held.data(effective_input(held))
            head = {"BatchInput": payload.fill(config["BatchInput"], data)}
    made: list[list[Any]] = []
    for item in chosen:
        last = made[-1] if made else None
        if last is None or len(last) >= most or size(dumps({**head, "Items": [*last, item]})) > room:
            made.append([item])
        else:
            last.append(item)
    return [{**head, "Items": batch} for batch in made]


def _limit(held: Frame, config: dict[str, Any], name: str) -> int:
    if f"{name}Path" in config:
        return int(jsonpath.read(config[f"{name}Path"], held.data(), field_name=f"{name}Path"))
    value = config.get(name, 0)
    if isinstance(value, str):
        from .jsonata import fill_typed

        value = fill_typed(value, held.expressions(), f"ItemBatcher/{name}", (int, float), "number")
    return int(value)


def outputs(children: list[Execution]) -> list[Any]:
    return [None if child.output is None else json.loads(child.output) for child in children]


def write_results(held: Frame, record: MapRun, children: list[Execution]) -> Any:
    """Writes what the children came to if the state has a ResultWriter; answers where, or None."""
    writer = held.state.get("ResultWriter")
    if writer is None or "Resource" not in writer:
        return None
    place = _filled(held, writer, "ResultWriter")
    run = record.arn.rpartition(":")[2]
    prefix = f"{place.get('Prefix', '').strip('/')}/{run}".lstrip("/")
    lines = writer.get("WriterConfig", {}).get("OutputType", "JSON") == "JSONL"
    files: dict[str, list[Any]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    try:
        for status, named in (("SUCCEEDED", ("SUCCEEDED",)), ("FAILED", ("FAILED", "ABORTED", "TIMED_OUT"))):
            rows = [_row(child) for child in children if child.status in named]
            if rows:
                text = "\n".join(map(dumps, rows)) if lines else dumps(rows)
                key = f"{prefix}/{status}_0.{'jsonl' if lines else 'json'}"
                _call(held, "PutObject", {"Bucket": place["Bucket"], "Key": key, "Body": text.encode()})
                files[status].append({"Key": key, "Size": size(text)})
        manifest = {"DestinationBucket": place["Bucket"], "MapRunArn": record.arn, "ResultFiles": files}
        key = f"{prefix}/manifest.json"
        _call(held, "PutObject", {"Bucket": place["Bucket"], "Key": key, "Body": dumps(manifest).encode()})
    except Refusal as refusal:
        raise StateFailure(WRITER, refusal.message or refusal.code) from refusal
    return {"MapRunArn": record.arn, "ResultWriterDetails": {"Bucket": place["Bucket"], "Key": key}}


def _row(child: Execution) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ExecutionArn": child.arn,
        "Input": dumps(child.input),
        "InputDetails": {"Included": True},
        "Name": child.name,
        "RedriveCount": child.redrive_count,
        "RedriveStatus": "NOT_REDRIVABLE",
        "StartDate": iso(child.started),
        "StateMachineArn": child.machine.arn,
        "Status": child.status,
        "StopDate": iso(child.stopped) if child.stopped else None,
        "Output": child.output,
        "Error": child.error,
        "Cause": child.cause,
    }
    return {name: value for name, value in made.items() if value is not None}
