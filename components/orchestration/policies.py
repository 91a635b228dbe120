"""Policies of queues, topics and repositories: documents of resources that ``access.statements`` has no kind for."""

from __future__ import annotations

import json

from components.access.statements import VERSION, Condition, Principals, Statement


def resource_document(statements: tuple[Statement, ...]) -> str:
    """The policy of one resource, as JSON text. Raises ValueError for a statement that names no principal."""
    for statement in statements:
        if not statement.principals:
            raise ValueError(f"resource policy, statement {statement.sid!r}: it must have principals")
    return json.dumps({"Version": VERSION, "Statement": [statement.as_json() for statement in statements]})


def tls_only(arn: str, action: str) -> Statement:
    """Whoever it is, over HTTPS."""
    return Statement(
        sid="TlsOnly",
        effect="Deny",
        actions=(action,),
        resources=(arn,),
        principals=Principals(kind="AWS", ids=("*",)),
        conditions=(Condition(operator="Bool", key="aws:SecureTransport", values=("false",)),),
    )


def from_service(sid: str, service: str, action: str, arn: str, source: Condition) -> Statement:
    """A service of AWS, on behalf of the source alone."""
    return Statement(
        sid=sid,
        actions=(action,),
        resources=(arn,),
        principals=Principals(kind="Service", ids=(service,)),
        conditions=(source,),
    )
