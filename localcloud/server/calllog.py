"""Every call as one line of JSON, complete enough for somebody else to decide each permission again.

Two kinds of line. A policy, written once when it is first met: ``{"policy": sha256, "document": text}``. A call::

    {"id", "time", "service", "operation", "region", "secure", "source_ip", "status", "code", "milliseconds",
     "caller": {"kind", "arn", "principal_arn", "account", "user_id"},
     "permissions": [{"action", "resource", "owner_account", "allowed", "reason", "policy", "statement",
                      "principal": {...}, "context": {key: [values]}, "policies": {"identity": [sha256, ...], ...},
                      "public_access_blocks": {"bucket": [setting, ...], "account": [setting, ...]}}]}

``policies`` has the parts identity, boundary, session, resource (a bucket's, key's or a role's trust policy), stored (a
bucket policy that the call is to store); a part that is missing had no policy. ``public_access_blocks`` has the
settings that are on, of the bucket that the permission is for and of its account; null if it is for no bucket.
Permissions are in the order asked; the first that is refused ends the call.

A log of more than :data:`LONGEST_BYTES` is put aside as ``calls.jsonl.1``, over the one before, and a new one is begun.
Each has all policies that its calls name.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from .access.decide import Decision
from .access.permission import Permission
from .call import Call, Outcome

LONGEST_BYTES = 1 << 30


class CallLog:
    """Appends to one file. Safe to use from several threads; ``flush`` makes what was written visible to readers."""

    def __init__(self, path: Path, longest_bytes: int = LONGEST_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._longest = path, longest_bytes
        self._file: IO[str] = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._written: set[str] = set()

    def _reference(self, document: str) -> str:
        """The document's hash. One not met before is written; called under the lock."""
        digest = sha256(document.encode()).hexdigest()
        if digest not in self._written:
            self._written.add(digest)
            self._file.write(json.dumps({"policy": digest, "document": document}) + "\n")
        return digest

    def _begin_anew(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        self._file = self._path.open("a", encoding="utf-8")
        self._written.clear()

    def permission(self, permission: Permission, decision: Decision) -> dict[str, Any]:
        """One entry of a call's ``permissions``, with whole policies yet: :meth:`call` writes them down."""
        return {
            "action": permission.action,
            "resource": permission.resource,
            "owner_account": permission.owner_account,
            "allowed": decision.allowed,
            "reason": decision.reason,
            "policy": decision.policy,
            "statement": decision.statement,
            "principal": asdict(decision.principal),
            "context": decision.context,
            "policies": decision.documents,
            "public_access_blocks": decision.public_access_blocks,
        }

    def call(self, call: Call, permissions: list[dict[str, Any]], outcome: Outcome) -> None:
        caller = call.caller
        line: dict[str, Any] = {
            "id": call.id,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "service": call.service,
            "operation": call.operation,
            "region": call.region,
            "secure": call.secure,
            "source_ip": call.source_ip,
            "status": outcome.status,
            "code": outcome.code,
            "milliseconds": outcome.milliseconds,
            "caller": {
                "kind": caller.kind,
                "arn": caller.arn,
                "principal_arn": caller.principal_arn,
                "account": caller.account_id,
                "user_id": caller.user_id,
            },
        }
        with self._lock:
            if self._file.tell() > self._longest:
                self._begin_anew()
            line["permissions"] = [self._with_hashes(permission) for permission in permissions]
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()

    def _with_hashes(self, permission: dict[str, Any]) -> dict[str, Any]:
        parts = permission["policies"].items()
        return permission | {"policies": {part: [self._reference(one) for one in texts] for part, texts in parts}}

    def flush(self) -> None:
        with self._lock:
            self._file.flush()

    def close(self) -> None:
        with self._lock:
            self._file.close()
