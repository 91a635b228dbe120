"""Parameters of a cluster: which there are, what they may be, and what of them PostgreSQL is told.

PostgreSQL itself says which settings it has (``postgres --describe-config``). AWS facts: a static parameter is applied
by a reboot alone, and refused with another method; a parameter that is set to its default is described as one that
nobody set, with the method pending-reboot; the size of memory follows the capacity, whatever the group says;
where the server listens and keeps its files, and how it encrypts, is not the customer's to set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from localcloud.server.call import Refusal

from . import postgres
from .model import ParameterGroup

FORCE_TLS = "rds.force_ssl"
AWS_OWN = {
    FORCE_TLS: ("BOOLEAN", "dynamic", "0,1"),
    "rds.logical_replication": ("BOOLEAN", "static", "0,1"),
    "rds.log_retention_period": ("INTEGER", "dynamic", "1440-10080"),
    "rds.restrict_password_commands": ("BOOLEAN", "static", "0,1"),
    "rds.force_autovacuum_logging_level": (
        "STRING", "dynamic", "disabled,debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic",
    ),
}  # fmt: skip
"""Type, how it is applied, allowed values."""
NOT_SET = frozenset({
    "archive_cleanup_command", "archive_command", "archive_library", "archive_mode", "cluster_name", "config_file",
    "data_directory", "data_sync_retry", "external_pid_file", "fsync", "full_page_writes", "hba_file", "ident_file",
    "listen_addresses", "log_directory", "log_filename", "logging_collector", "port", "primary_conninfo",
    "primary_slot_name", "promote_trigger_file", "recovery_end_command", "restore_command", "shared_buffers", "ssl",
    "ssl_ca_file", "ssl_cert_file", "ssl_crl_dir", "ssl_crl_file", "ssl_key_file", "syslog_facility",
    "syslog_ident", "unix_socket_directories", "unix_socket_group", "unix_socket_permissions", "wal_level",
    "max_connections", "krb_server_keyfile", "io_method", "io_workers",
})  # fmt: skip
"""Settings of PostgreSQL that a group can't change, or whose value here is the local server's own."""
FORMULA = re.compile(r"[A-Z]*\(?\{?DBInstanceClassMemory.*")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    name: str
    kind: str
    applied: str
    """``static`` or ``dynamic``."""
    allowed: str
    description: str
    low: float | None = None
    high: float | None = None

    def described(self, group: ParameterGroup) -> dict[str, Any]:
        default = defaults(group.family).get(self.name)
        value, method = group.values.get(self.name, (default, "pending-reboot"))
        own = self.name in group.values and value != default
        return {
            "ParameterName": self.name,
            **({} if value is None else {"ParameterValue": value}),
            "Description": self.description,
            "Source": "user" if own else "engine-default" if default is None else "system",
            "ApplyType": self.applied,
            "DataType": self.kind.lower(),
            "AllowedValues": self.allowed,
            "IsModifiable": True,
            "ApplyMethod": method if own else "pending-reboot",
            "SupportedEngineModes": ["provisioned"],
        }

    def fault(self, value: str) -> str | None:
        if FORMULA.fullmatch(value):
            return None
        if self.low is not None and self.high is not None:
            right = bool(re.fullmatch(r"-?\d+(\.\d+)?", value)) and self.low <= float(value) <= self.high
        else:
            right = not self.allowed or value.lower() in self.allowed.split(",")
        text = f"Invalid parameter value: {value} for: {self.name} allowed values are: {self.allowed}"
        return None if right else text


@cache
def known() -> dict[str, Parameter]:
    """By name, those that a group can set."""
    rows = [line.split("\t") for line in postgres.described_settings().splitlines() if line.count("\t") >= 7]
    by_name = {row[0]: _of_postgres(row) for row in rows if row[0] not in NOT_SET and row[1] != "internal"}
    own = {
        name: Parameter(
            name=name, kind=kind, applied=applied, allowed=allowed, description=name,
            low=_limits(allowed)[0], high=_limits(allowed)[1],
        )
        for name, (kind, applied, allowed) in AWS_OWN.items()
    }  # fmt: skip
    return by_name | own


def _limits(allowed: str) -> tuple[float | None, float | None]:
    match = re.fullmatch(r"(\d+)-(\d+)", allowed)
    return (float(match[1]), float(match[2])) if match else (None, None)


def _of_postgres(row: list[str]) -> Parameter:
    name, context, _, kind, _, low, high, description = row[:8]
    number = kind in ("INTEGER", "REAL")
    return Parameter(
        name=name,
        kind=kind,
        applied="static" if context == "postmaster" else "dynamic",
        allowed=f"{low}-{high}" if number else "0,1" if kind == "BOOLEAN" else "",
        description=description,
        low=float(low) if number else None,
        high=float(high) if number else None,
    )


def check(parameter: dict[str, Any]) -> Parameter:
    """Raises Refusal for a change that AWS does not take."""
    name, value = parameter.get("ParameterName", ""), parameter.get("ParameterValue")
    found = known().get(name)
    if found is None:
        raise Refusal("InvalidParameterValue", f"Could not find parameter with name: {name}")
    if found.applied == "static" and parameter.get("ApplyMethod") == "immediate":
        raise Refusal("InvalidParameterCombination", "cannot use immediate apply method for static parameter")
    if value is not None and (fault := found.fault(value)):
        raise Refusal("InvalidParameterValue", fault)
    return found


def defaults(family: str) -> dict[str, str]:
    """Of AWS's own parameters, those whose default the local cloud knows."""
    return {FORCE_TLS: "1" if int(family.removeprefix("aurora-postgresql")) >= 17 else "0"}


def force_tls(group: ParameterGroup) -> bool:
    return group.values.get(FORCE_TLS, (defaults(group.family)[FORCE_TLS], ""))[0] == "1"


def of_postgres(group: ParameterGroup) -> dict[str, str]:
    """What the group says to PostgreSQL. A formula of the machine's memory is not worked out: AWS's default stays."""
    return {
        name: value for name, (value, _) in group.values.items() if name not in AWS_OWN and not FORMULA.fullmatch(value)
    }
