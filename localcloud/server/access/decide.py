"""The decision on a call: AWS's logic over what the accounts hold at this moment.

AWS facts beyond the evaluation logic: RestrictPublicBuckets lets only the bucket owner's account and AWS services in
through a public bucket policy; BlockPublicPolicy refuses to store one; the key policy of KMS and the trust policy of a
role are gates of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from localcloud.server.access import identities, public
from localcloud.server.access.evaluate import Named, Policies, Request, Verdict, context_of, evaluate
from localcloud.server.access.permission import Permission, Values
from localcloud.server.access.policy import parse
from localcloud.server.access.principals import Principal
from localcloud.server.call import Call
from localcloud.server.condition_keys import unknown

BLOCKED = "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access"
RESTRICTED = "because public access is prevented by the RestrictPublicBuckets setting in S3 Block Public Access"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """``policy`` and ``statement`` name what decided. ``documents`` are the policies that were looked at, by part
    (identity, boundary, session, resource; ``stored``: a bucket policy that is to be), ``context`` all condition keys,
    ``public_access_blocks`` a bucket's and its account's settings that are on: all for whoever checks the decision."""

    allowed: bool
    reason: str
    message: str
    policy: str = ""
    statement: str = ""
    principal: Principal
    context: Values
    documents: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    public_access_blocks: Mapping[str, Sequence[str]] | None = None


def decide(call: Call, permission: Permission) -> Decision:
    """Whether the caller has the permission. Raises :class:`PolicyError` if a policy cannot be evaluated."""
    principal = identities.principal(call, permission)
    own = identities.policies(call.caller)
    resource = Named(name="resource", policy=parse(permission.resource_policy)) if permission.resource_policy else None
    policies = Policies(
        owner=permission.owner_account or principal.account,
        identity=own.identity,
        boundary=own.boundary,
        session=own.session,
        resource=resource,
        gate=gate(permission),
    )
    values = context(call, permission)
    request = Request(
        action=permission.action,
        resource=permission.resource,
        context=context_of(values, lambda key: unknown(permission.action, key)),
        principal=principal,
    )
    verdict = _blocked(permission, principal) or evaluate(request, policies)
    documents = {"resource": permission.resource_policy, "stored": permission.policy_to_store}
    return Decision(
        allowed=verdict.allowed,
        reason=verdict.reason,
        message=_message(call, permission, verdict),
        policy=verdict.policy,
        statement=verdict.statement,
        principal=principal,
        context=values,
        documents=own.documents | {part: [text] for part, text in documents.items() if text},
        public_access_blocks=permission.public_access_blocks,
    )


def gate(permission: Permission) -> Literal["", "trust", "key"]:
    """Whether the resource's policy must allow by itself."""
    if permission.action.startswith("sts:") and permission.resource != "*":
        return "trust"
    if permission.action.startswith("kms:") and ":key/" in permission.resource:
        return "key"
    return ""


def _message(call: Call, permission: Permission, verdict: Verdict) -> str:
    if verdict.allowed:
        return ""
    if call.caller.kind == "anonymous":
        return "Access Denied"
    resource = f'"{permission.resource}"' if permission.action.startswith("s3:") else permission.resource
    who = f"User: {call.caller.arn} is not authorized to perform: {permission.action} on resource: {resource}"
    return f"{who} {verdict.reason}"


def context(call: Call, permission: Permission) -> Values:
    """The condition keys of a request: those of every request, and those that the permission brings."""
    now = datetime.now(UTC)
    values: Values = {
        "aws:SecureTransport": [str(call.secure).lower()],
        "aws:SourceIp": [call.source_ip],
        "aws:CurrentTime": [now.strftime("%Y-%m-%dT%H:%M:%SZ")],
        "aws:EpochTime": [str(int(now.timestamp()))],
        "aws:RequestedRegion": [call.region],
        "aws:UserAgent": [call.headers.get("user-agent", "")],
    }
    if call.headers.get("referer"):
        values["aws:Referer"] = [call.headers["referer"]]
    if permission.owner_account:
        values["aws:ResourceAccount"] = [permission.owner_account]
        if permission.action.startswith("s3:"):
            values["s3:ResourceAccount"] = [permission.owner_account]
    if permission.action.startswith("kms:") and call.caller.account_id:
        values["kms:CallerAccount"] = [call.caller.account_id]
    return values | identities.context(call.caller) | dict(call.context) | permission.context


def _blocked(permission: Permission, principal: Principal) -> Verdict | None:
    """What S3's public access block decides before any policy does."""
    settings = {name for names in (permission.public_access_blocks or {}).values() for name in names}
    stored = permission.policy_to_store
    if stored and "BlockPublicPolicy" in settings and public.is_public(stored):
        return Verdict(allowed=False, reason=BLOCKED)
    outsider = principal.kind != "service" and principal.account != permission.owner_account
    policy = permission.resource_policy
    if outsider and "RestrictPublicBuckets" in settings and policy and public.is_public(policy):
        return Verdict(allowed=False, reason=RESTRICTED)
    return None
