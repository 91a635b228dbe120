"""moto's alarms."""

from __future__ import annotations

from moto.cloudwatch.models import cloudwatch_backends

from localcloud.server.moto_backend import backend_of, of_account
from localcloud.server.service import Resource


def resource(arn: str) -> Resource | None:
    _, _, _, region, account, rest = arn.split(":", 5)
    state = backend_of(cloudwatch_backends, account, region)
    if state is None or rest.removeprefix("alarm:") not in state.alarms:
        return None
    return Resource(owner=account, tags=state.list_tags_for_resource(arn))


def inventory(account: str) -> list[str]:
    return [alarm.alarm_arn for state in of_account(cloudwatch_backends, account) for alarm in state.alarms.values()]
