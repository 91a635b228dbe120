"""``Step Functions Execution Status Change`` on the account's default bus, at the start and at the end.

AWS fact: times are epoch milliseconds, and what there is none of is null.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from localcloud.server.outbox import publish

from .model import MOST_BYTES, Execution, dumps, size

LOG = logging.getLogger(__name__)
SOURCE, TYPE = "aws.states", "Step Functions Execution Status Change"


def status_changed(execution: Execution) -> None:
    """An event that fails stops no execution."""
    try:
        _publish(execution)
    except Exception:
        LOG.exception("no event tells that execution %s is %s", execution.arn, execution.status)


def _publish(execution: Execution) -> None:
    given, output = dumps(execution.input), execution.output
    detail: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": _milliseconds(execution.started),
        "stopDate": _milliseconds(execution.stopped),
        "input": given,
        "output": output,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": execution.redrive_count,
        "redriveDate": _milliseconds(execution.redriven),
        "redriveStatus": "NOT_REDRIVABLE" if execution.status in ("RUNNING", "SUCCEEDED") else "REDRIVABLE",
        "redriveStatusReason": None,
        "inputDetails": {"included": True},
        "outputDetails": {"included": True} if output is not None else None,
        "error": execution.error,
        "cause": execution.cause,
    }
    if size(given) + size(output or "") > MOST_BYTES - 16_384:
        detail |= {
            "input": None,
            "output": None,
            "inputDetails": {"included": False},
            "outputDetails": {"included": False},
        }
    publish(execution.account, execution.region, SOURCE, TYPE, detail, [execution.arn])


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
