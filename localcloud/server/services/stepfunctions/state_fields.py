"""Which fields each type of state has, in each query language. Rests on the States Language's reference."""

from __future__ import annotations

from collections.abc import Iterator

FLOW = ("Next", "End")
COMMON = ("Type", "Comment", "QueryLanguage")
PATHS = ("InputPath", "OutputPath")
WORK = ("Parameters", "ResultSelector", "ResultPath")
HANDLING = ("Retry", "Catch")

BOTH: dict[str, tuple[str, ...]] = {
    "Pass": (*FLOW, "Assign"),
    "Task": (*FLOW, *HANDLING, "Assign", "Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"),
    "Choice": ("Choices", "Default", "Assign"),
    "Wait": (*FLOW, "Assign", "Seconds", "Timestamp"),
    "Succeed": (),
    "Fail": ("Error", "Cause"),
    "Parallel": (*FLOW, *HANDLING, "Assign", "Branches"),
    "Map": (
        *FLOW, *HANDLING, "Assign", "ItemProcessor", "Iterator", "ItemReader", "ItemSelector", "ItemBatcher",
        "ResultWriter", "MaxConcurrency", "ToleratedFailurePercentage", "ToleratedFailureCount", "Label",
    ),
}  # fmt: skip
JSONPATH_ONLY: dict[str, tuple[str, ...]] = {
    "Pass": (*PATHS, "Parameters", "Result", "ResultPath"),
    "Task": (*PATHS, *WORK, "TimeoutSecondsPath", "HeartbeatSecondsPath"),
    "Choice": PATHS,
    "Wait": (*PATHS, "SecondsPath", "TimestampPath"),
    "Succeed": PATHS,
    "Fail": ("ErrorPath", "CausePath"),
    "Parallel": (*PATHS, *WORK),
    "Map": (
        *PATHS, *WORK, "ItemsPath", "MaxConcurrencyPath", "ToleratedFailurePercentagePath",
        "ToleratedFailureCountPath",
    ),
}  # fmt: skip
JSONATA_ONLY: dict[str, tuple[str, ...]] = {
    "Pass": ("Output",),
    "Task": ("Arguments", "Output"),
    "Choice": ("Output",),
    "Wait": ("Output",),
    "Succeed": ("Output",),
    "Fail": (),
    "Parallel": ("Arguments", "Output"),
    "Map": ("Items", "Output"),
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}


def unsupported(kind: str, fields: Iterator[str], language: str) -> Iterator[tuple[str, str]]:
    """Fields that a state of that type and language does not have, with the sentence about each."""
    own, other = (JSONATA_ONLY, JSONPATH_ONLY) if language == "JSONata" else (JSONPATH_ONLY, JSONATA_ONLY)
    opposite = "JSONPath" if language == "JSONata" else "JSONata"
    for field in fields:
        if field in COMMON or field in BOTH[kind] or field in own[kind]:
            continue
        if field in other[kind]:
            yield field, f"QueryLanguage is set to '{language}', but field '{field}' is only supported for '{opposite}'"
        else:
            yield field, f"Field '{field}' is not supported"
