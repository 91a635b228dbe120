"""The permissions of STS calls."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from localcloud.server.access import resources
from localcloud.server.access.permission import Permission, Unmapped, Values
from localcloud.server.call import Call
from localcloud.server.permissions import on, tags

GITHUB = "token.actions.githubusercontent.com"
COMPARED = frozenset({"amr", "aud", "email", "oaud", "sub"})
"""Claims of any issuer that are condition keys: IAM user guide, "Available keys for AWS OIDC federation"."""
OF_GITHUB = frozenset(
    {
        "actor",
        "actor_id",
        "enterprise_id",
        "environment",
        "job_workflow_ref",
        "ref",
        "repository",
        "repository_id",
        "workflow",
    }
)
"""Those of GitHub's tokens beside them, since January 2026."""


def permissions(call: Call) -> list[Permission]:
    """What an STS call needs. GetCallerIdentity needs nothing, and no policy can deny it."""
    if call.operation == "GetCallerIdentity":
        return []
    if call.operation == "GetAccessKeyInfo":
        return [Permission(action="sts:GetAccessKeyInfo", resource="*", owner_account=call.caller.account_id)]
    if call.operation not in ("AssumeRole", "AssumeRoleWithWebIdentity"):
        raise Unmapped(f"sts:{call.operation}")
    arn: str = call.params["RoleArn"]
    role = resources.by_arn(arn)
    trust = getattr(role, "assume_role_policy_document", None)
    context = _session_context(call)
    actions = [f"sts:{call.operation}"]
    if call.params.get("Tags") or call.params.get("TransitiveTagKeys"):
        actions.append("sts:TagSession")
    if call.params.get("SourceIdentity"):
        actions.append("sts:SetSourceIdentity")
    owner = arn.split(":")[4] if arn.count(":") >= 5 else None
    needed = (on(call, action, arn, context) for action in actions)
    return [replace(item, owner_account=owner, resource_policy=trust) for item in needed]


def _session_context(call: Call) -> Values:
    keys = {
        "DurationSeconds": "sts:DurationSeconds",
        "ExternalId": "sts:ExternalId",
        "RoleSessionName": "sts:RoleSessionName",
        "SourceIdentity": "sts:SourceIdentity",
    }
    context = {key: [str(call.params[name])] for name, key in keys.items() if call.params.get(name)}
    context |= tags(call.params)
    if call.params.get("TransitiveTagKeys"):
        context["sts:TransitiveTagKeys"] = list(call.params["TransitiveTagKeys"])
    if call.operation == "AssumeRoleWithWebIdentity":
        context |= _claims(call)
    return context


def _claims(call: Call) -> Values:
    """Condition keys of a web identity token: ``issuer:claim`` of the claims that STS compares, and which provider
    vouches for it. A condition on another claim holds for no token.

    Whether the token is genuine is for STS to check; here only what it says counts.
    """
    try:
        body = call.params["WebIdentityToken"].split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        issuer = str(claims["iss"]).removeprefix("https://")
    except (IndexError, ValueError, KeyError, TypeError):
        return {}
    account = call.params["RoleArn"].split(":")[4]
    context: Values = {"aws:FederatedProvider": [f"arn:aws:iam::{account}:oidc-provider/{issuer}"]}
    known = COMPARED | (OF_GITHUB if issuer == GITHUB else frozenset())
    for claim, value in claims.items():
        if claim not in known:
            continue
        values: list[Any] = value if isinstance(value, list) else [value]
        context[f"{issuer}:{claim}"] = [str(item) for item in values]
    return context
