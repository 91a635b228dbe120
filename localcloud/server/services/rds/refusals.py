"""What RDS refuses of a cluster, an instance or a group, in its codes.

Sources: the API reference, AWS's answers as recorded by others (docs/refusals.md has them by number).
"""

from __future__ import annotations

import re
from typing import Any

from localcloud.server.call import Call, Params, Refusal

from . import versions

RESERVED_USERS = frozenset({
    "admin", "postgres", "public", "rdsadmin", "rdsrepladmin", "rdstopmgr", "rds_superuser", "rds_password",
    "rds_replication",
})  # fmt: skip
LOG_TYPES = frozenset({"postgresql", "instance", "iam-db-auth-error"})
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
INSIGHTS_DAYS = frozenset({7, 731, *(31 * months for months in range(1, 24))})
NOT_OF_AURORA = ("AllocatedStorage", "DBClusterInstanceClass", "Iops", "PubliclyAccessible")


def invalid(text: str) -> Refusal:
    return Refusal("InvalidParameterValue", text)


def combination(text: str) -> Refusal:
    return Refusal("InvalidParameterCombination", text)


def only(call: Call, handled: frozenset[str]) -> None:
    """What is not carried out here is an error that names it, never dropped; false and 0 ask for nothing."""
    asked = sorted(
        name for name, value in call.params.items() if name not in handled and value not in (False, 0, "", [])
    )
    if asked:
        text = f"rds {call.operation} with {', '.join(asked)} is not implemented here."
        raise Refusal("NotImplemented", text, 501)


def identifier(value: str, parameter: str) -> str:
    """The identifier as it is kept: in small letters."""
    if re.fullmatch(r"(?i)[a-z]([a-z0-9]|-(?=[a-z0-9])){0,62}", value):
        return value.lower()
    raise invalid(
        f"The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only "
        "ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )


def of_aurora(params: Params) -> None:
    """Refuses what other engines have."""
    if params.get("Engine", versions.ENGINE) != versions.ENGINE:
        raise Refusal("NotImplemented", f"rds engine {params['Engine']} is not implemented here.", 501)
    for name in NOT_OF_AURORA:
        if params.get(name) not in (None, False, 0):
            raise combination(f"The parameter {name} isn't supported for DB engine {versions.ENGINE}.")
    if params.get("StorageType") not in (None, "aurora", "aurora-iopt1"):
        raise combination(f"You can't use the storage type {params['StorageType']} with DB engine {versions.ENGINE}.")
    if params.get("EngineMode") not in (None, "provisioned"):
        raise invalid(f"The engine mode {params['EngineMode']} you requested is currently unavailable.")
    if params.get("ScalingConfiguration"):
        raise combination("You can only set ScalingConfiguration for a Serverless v1 cluster.")
    if len(params.get("AvailabilityZones") or []) > 3:
        raise combination("You cannot specify more than 3 Availability Zones.")


def master(params: Params) -> None:
    user = params.get("MasterUsername")
    if user is not None:
        if user.lower() in RESERVED_USERS or user.lower().startswith("pg_"):
            raise invalid(f"MasterUsername {user} cannot be used as it is a reserved word used by the engine")
        if not re.fullmatch(r"[A-Za-z]\w{0,62}", user, re.ASCII):
            raise invalid(f"The parameter MasterUsername must begin with a letter and have letters and digits: {user}")
    password = params.get("MasterUserPassword")
    if password is None:
        return
    if params.get("ManageMasterUserPassword"):
        raise combination("You can't specify MasterUserPassword if ManageMasterUserPassword is enabled.")
    if not 8 <= len(password) <= 41:
        raise invalid("The parameter MasterUserPassword is not a valid password because it has not 8 to 41 characters.")
    if not re.fullmatch(r"[!-~]+", password) or set(password) & set('/"@ '):
        raise invalid(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', "
            "'@', '\"', ' ' may be used."
        )


def port(params: Params) -> None:
    if not 1150 <= params.get("Port", 5432) <= 65_535:
        raise invalid(f"Invalid endpoint port: {params['Port']}. Valid port range is: 1150-65535")


def scaling(wanted: dict[str, Any] | None, version: str) -> None:
    """Capacity of Aurora serverless v2."""
    if not wanted:
        return
    low, high = wanted.get("MinCapacity"), wanted.get("MaxCapacity")
    if low is None or high is None:
        raise invalid("Serverless v2 scaling configuration needs a minimum and a maximum capacity.")
    if low > high:
        raise invalid("Serverless v2 minimum capacity must be less than or equal to maximum capacity.")
    if not (0 <= low <= 256 and 1 <= high <= 256):
        raise invalid(f"Serverless v2 capacity {low} to {high} is outside of the valid scaling range of 0 to 256.")
    if low * 2 % 1 or high * 2 % 1:
        raise invalid("Serverless v2 capacity must be a multiple of 0.5.")
    if low == 0 and not versions.can_pause(version):
        raise invalid(f"Serverless v2 minimum capacity of {versions.ENGINE} {version} must be at least 0.5.")
    pause = wanted.get("SecondsUntilAutoPause")
    if pause is not None and low != 0:
        raise invalid("SecondsUntilAutoPause can only be specified when minimum capacity is 0.")
    if pause is not None and not 300 <= pause <= 86_400:
        raise invalid("SecondsUntilAutoPause must be from 300 to 86400.")


def logs(types: list[str]) -> None:
    wrong = sorted(set(types) - LOG_TYPES)
    if wrong:
        raise combination(f"You cannot use the log types '{', '.join(wrong)}' with engine {versions.ENGINE}.")


def backups(params: Params, settings: dict[str, Any]) -> None:
    """``settings``: what the cluster has, for what the call leaves out."""
    days = params.get("BackupRetentionPeriod", 1)
    if not 1 <= days <= 35:
        raise invalid(f"Invalid backup retention period: {days}. Must be between 1 and 35.")
    backup = params.get("PreferredBackupWindow", settings.get("PreferredBackupWindow"))
    maintenance = params.get("PreferredMaintenanceWindow", settings.get("PreferredMaintenanceWindow"))
    taken = _minutes(backup) if backup else set[int]()
    if backup and len(taken) < 30:
        raise invalid(f"The backup window {backup} must be at least 30 minutes long.")
    if backup and maintenance and any(one in _week_minutes(maintenance) for one in taken):
        raise combination("The backup window and maintenance window must not overlap.")


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _minutes(window: str) -> set[int]:
    match = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", window)
    if not match:
        raise invalid(f"Invalid backup window format: {window}. Should be specified as a range hh24:mi-hh24:mi.")
    first, last = _minute(match[1]), _minute(match[2])
    return {minute % 1440 for minute in range(first, last if last > first else last + 1440)}


def _week_minutes(window: str) -> set[int]:
    """The minutes of a day that a window of the week takes, whatever its day: a backup is made each day."""
    match = re.fullmatch(r"([a-z]{3}):(\d\d:\d\d)-([a-z]{3}):(\d\d:\d\d)", window.lower())
    if not match or match[1] not in DAYS or match[3] not in DAYS:
        raise invalid(f"Invalid maintenance window format: {window}. Should be a range ddd:hh24:mi-ddd:hh24:mi.")
    first = DAYS.index(match[1]) * 1440 + _minute(match[2])
    last = DAYS.index(match[3]) * 1440 + _minute(match[4])
    return {minute % 1440 for minute in range(first, last if last > first else last + 7 * 1440)}


def insights(params: Params) -> None:
    days = params.get("PerformanceInsightsRetentionPeriod")
    if days is not None and not params.get("EnablePerformanceInsights"):
        raise combination("You can't set the retention period if Performance Insights is off.")
    if days is not None and days not in INSIGHTS_DAYS:
        valid = ", ".join(map(str, sorted(INSIGHTS_DAYS)))
        raise invalid(f"Invalid Performance Insights retention period. Valid values are: [{valid}]")


def monitoring(params: Params) -> None:
    if params.get("MonitoringInterval", 0) not in (0, 1, 5, 10, 15, 30, 60):
        raise combination(f"Invalid monitoring interval: {params['MonitoringInterval']}")
    if params.get("MonitoringInterval") and not params.get("MonitoringRoleArn"):
        raise combination(
            "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0."
        )
