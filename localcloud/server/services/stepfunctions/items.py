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

from localcloud.server import service_calls
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


def inputs(frame: Frame) -> list[Any]:
    """The input of each child execution. Raises StateFailure."""
    items = _read(frame, frame.state["ItemReader"]) if "ItemReader" in frame.state else items_of(frame)
    chosen = [selected(frame, index, item) for index, item in enumerate(items)]
    return _batches(frame, frame.state["ItemBatcher"], chosen) if "ItemBatcher" in frame.state else chosen


def _filled(frame: Frame, given: dict[str, Any], where: str) -> dict[str, Any]:
    """The Arguments (JSONata) or Parameters (JSONPath) of a reader or writer."""
    if frame.is_jsonata:
        from .jsonata import fill

        return fill(given.get("Arguments", {}), frame.expressions(), f"{where}/Arguments")
    return payload.fill(given.get("Parameters", {}), frame.data(effective_input(frame)))


def _read(frame: Frame, reader: dict[str, Any]) -> list[Any]:
    parameters = _filled(frame, reader, "ItemReader")
    config = reader.get("ReaderConfig", {})
    try:
        items = _listed(frame, parameters) if reader["Resource"] == LISTING else _parsed(frame, parameters, config)
    except Refusal as refusal:
        raise StateFailure(READER, refusal.message or refusal.code) from refusal
    most = config.get("MaxItems")
    if "MaxItemsPath" in config:
        most = jsonpath.read(config["MaxItemsPath"], frame.data(), field_name="MaxItemsPath")
    if most is not None and most <= 0:
        raise StateFailure(READER, "field MaxItems must be positive")
    return items[: int(most)] if most is not None else items


def _call(frame: Frame, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    return service_calls.perform(frame.branch.caller(), "s3", operation, params, frame.branch.execution.region)


def _listed(frame: Frame, parameters: dict[str, Any]) -> list[Any]:
    items: list[Any] = []
    following: dict[str, Any] = {}
    while True:
        answer = _call(frame, "ListObjectsV2", parameters | following)
        items += [_listed_object(item) for item in answer.get("Contents", [])]
        if not answer.get("IsTruncated"):
            return items
        following = {"ContinuationToken": answer["NextContinuationToken"]}


def _listed_object(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "Etag": item["ETag"],
        "Key": item["Key"],
        "LastModified": int(item["LastModified"].timestamp()),
        "Size": item["Size"],
        "StorageClass": item.get("StorageClass", "STANDARD"),
    }


def _parsed(frame: Frame, parameters: dict[str, Any], config: dict[str, Any]) -> list[Any]:
    body: bytes = _call(frame, "GetObject", parameters)["Body"]
    kind = config.get("InputType", "JSON")
    text = body.decode()
    if kind == "CSV":
        return list(_rows(text, config))
    try:
        items: Any = [loads(line) for line in text.splitlines() if line] if kind == "JSONL" else loads(text)
    except ValueError as error:
        raise StateFailure(READER, f"Attempting to parse an object that is no {kind}: {error}") from error
    if "ItemsPointer" in config:
        for word in config["ItemsPointer"].split("/")[1:]:
            items = items[int(word) if isinstance(items, list) else word.replace("~1", "/").replace("~0", "~")]
    if not isinstance(items, list):
        raise StateFailure(READER, "Attempting to map over non-iterable node.")
    return items  # pyright: ignore[reportUnknownVariableType]


def _rows(text: str, config: dict[str, Any]) -> Iterator[dict[str, str]]:
    delimiter = DELIMITERS[config.get("CSVDelimiter", "COMMA")]
    rows = iter(csv.reader(io.StringIO(text), delimiter=delimiter))
    headers = config["CSVHeaders"] if config.get("CSVHeaderLocation") == "GIVEN" else next(rows, [])
    if len(set(headers)) < len(headers):
        raise StateFailure(READER, "CSV headers cannot contain duplicates.")
    for row in rows:
        yield {name: row[index] if index < len(row) else "" for index, name in enumerate(headers)}


def _batches(frame: Frame, config: dict[str, Any], chosen: list[Any]) -> list[Any]:
    most = _limit(frame, config, "MaxItemsPerBatch") or len(chosen) or 1
    room = _limit(frame, config, "MaxInputBytesPerBatch") or MOST_BYTES
    head: dict[str, Any] = {}
    if "BatchInput" in config:
        if frame.is_jsonata:
            from .jsonata import fill

            head = {"BatchInput": fill(config["BatchInput"], frame.expressions(), "ItemBatcher/BatchInput")}
        else:
            data = frame.data(effective_input(frame))
            head = {"BatchInput": payload.fill(config["BatchInput"], data)}
    batches: list[list[Any]] = []
    for item in chosen:
        last = batches[-1] if batches else None
        if last is None or len(last) >= most or size(dumps({**head, "Items": [*last, item]})) > room:
            batches.append([item])
        else:
            last.append(item)
    return [{**head, "Items": batch} for batch in batches]


def _limit(frame: Frame, config: dict[str, Any], name: str) -> int:
    if f"{name}Path" in config:
        return int(jsonpath.read(config[f"{name}Path"], frame.data(), field_name=f"{name}Path"))
    value = config.get(name, 0)
    if isinstance(value, str):
        from .jsonata import fill_typed

        value = fill_typed(value, frame.expressions(), f"ItemBatcher/{name}", (int, float), "number")
    return int(value)


def outputs(children: list[Execution]) -> list[Any]:
    return [None if child.output is None else json.loads(child.output) for child in children]


def write_results(frame: Frame, record: MapRun, children: list[Execution]) -> Any:
    """Writes what the children came to if the state has a ResultWriter; answers where, or None."""
    writer = frame.state.get("ResultWriter")
    if writer is None or "Resource" not in writer:
        return None
    place = _filled(frame, writer, "ResultWriter")
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
                _call(frame, "PutObject", {"Bucket": place["Bucket"], "Key": key, "Body": text.encode()})
                files[status].append({"Key": key, "Size": size(text)})
        manifest = {"DestinationBucket": place["Bucket"], "MapRunArn": record.arn, "ResultFiles": files}
        key = f"{prefix}/manifest.json"
        _call(frame, "PutObject", {"Bucket": place["Bucket"], "Key": key, "Body": dumps(manifest).encode()})
    except Refusal as refusal:
        raise StateFailure(WRITER, refusal.message or refusal.code) from refusal
    return {"MapRunArn": record.arn, "ResultWriterDetails": {"Bucket": place["Bucket"], "Key": key}}


def _row(child: Execution) -> dict[str, Any]:
    row: dict[str, Any] = {
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
    return {name: value for name, value in row.items() if value is not None}
