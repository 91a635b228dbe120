"""Log groups: their tags go with them."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Cloud


@pytest.fixture(scope="module")
def logs(cloud: Cloud) -> Any:
    return cloud.client("logs")


def test_tags_go_with_their_group(logs: Any, cloud: Cloud) -> None:
    name = cloud.name("group")
    logs.create_log_group(logGroupName=name, tags={"a": "1"})
    logs.delete_log_group(logGroupName=name)
    logs.create_log_group(logGroupName=name, tags={"b": "2"})
    arn = f"arn:aws:logs:us-west-2:908710317728:log-group:{name}"
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
