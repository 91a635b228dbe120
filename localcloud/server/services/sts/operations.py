"""STS: sessions of roles, and who one is.

Whether a caller may assume a role (identity policy and trust policy) is decided before a call comes here, like any
permission. AWS facts (*AssumeRole*, *Methods to assume a role*): the duration may not exceed the role's
MaxSessionDuration, nor an hour when the caller's credentials are temporary themselves (role chaining); an inline
session policy and managed ones add up; a session's ARN has the role's name without its path, its user id the role's
unique id. What is not modelled (session tags, MFA, provided contexts) is refused by name.
"""

from __future__ import annotations

import json
from typing import Any

from localcloud.server.access import resources
from localcloud.server.access.policy import PolicyError, parse
from localcloud.server.access.resources import Role
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.oidc import verified_claims
from localcloud.server.organization import ORGANIZATION
from localcloud.server.sessions import DEFAULT_SECONDS, SESSIONS, open_session

CHAINED_SECONDS = 3600
NOT_MODELLED = ("Tags", "TransitiveTagKeys", "SerialNumber", "TokenCode", "SourceIdentity", "ProvidedContexts")


@HOOKS.instead("sts", "AssumeRole")
def assume_role(call: Call) -> Params:
    chained = call.caller.kind == "assumed-role"
    seconds = int(call.params.get("DurationSeconds", DEFAULT_SECONDS))
    if chained and seconds > CHAINED_SECONDS:
        text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise Refusal("ValidationError", text)
    return _answer(call, _role(call), seconds, chained=chained)


@HOOKS.instead("sts", "AssumeRoleWithWebIdentity")
def assume_role_with_web_identity(call: Call) -> Params:
    role = _role(call)
    claims = verified_claims(call.params["WebIdentityToken"], str(role.account_id))
    seconds = int(call.params.get("DurationSeconds", DEFAULT_SECONDS))
    audience = claims["aud"]
    issuer = str(claims["iss"]).removeprefix("https://")
    return _answer(call, role, seconds, chained=False) | {
        "SubjectFromWebIdentityToken": claims["sub"],
        "Audience": audience[0] if isinstance(audience, list) else audience,
        "Provider": f"arn:aws:iam::{role.account_id}:oidc-provider/{issuer}",
    }


@HOOKS.instead("sts", "GetCallerIdentity")
def get_caller_identity(call: Call) -> Params:
    return {"UserId": call.caller.user_id, "Account": call.caller.account_id, "Arn": call.caller.arn}


@HOOKS.instead("sts", "GetAccessKeyInfo")
def get_access_key_info(call: Call) -> Params:
    key = call.params["AccessKeyId"]
    if key in SESSIONS:
        return {"Account": SESSIONS[key].caller.account_id}
    for account in ORGANIZATION.accounts:
        if key in resources.iam_backend(account).access_keys:
            return {"Account": account}
    raise Refusal("ValidationError", f"Invalid access key: {key}")


def _role(call: Call) -> Role:
    role = resources.by_arn(call.params["RoleArn"])
    if not isinstance(role, Role):  # its trust policy has allowed the call, so it was there a moment ago
        text = f"User: {call.caller.arn} is not authorized to perform: sts:{call.operation} on resource: "
        raise Refusal("AccessDenied", text + call.params["RoleArn"], 403)
    return role


def _answer(call: Call, role: Role, seconds: int, *, chained: bool) -> Params:
    given = [name for name in NOT_MODELLED if call.params.get(name)]
    if given:
        raise Refusal("NotImplemented", f"{call.operation} with {', '.join(given)} is not implemented here.", 501)
    if seconds > int(role.max_session_duration or DEFAULT_SECONDS):
        text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise Refusal("ValidationError", text)
    policy = _session_policy(call.params, str(role.account_id))
    name = call.params["RoleSessionName"]
    tags = call.caller.session_tags
    key, session = open_session(role, name, seconds=seconds, policy=policy, chained=chained, tags=tags)
    answer: dict[str, Any] = {
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": session.expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": session.caller.user_id, "Arn": session.caller.arn},
    }
    if policy is not None:
        answer["PackedPolicySize"] = max(1, len(policy) * 100 // 4096)
    return answer


def _session_policy(params: Params, account: str) -> str | None:
    """The inline session policy and the managed ones as one document, or None."""
    documents: list[str] = [params["Policy"]] if params.get("Policy") else []
    for item in params.get("PolicyArns", []):
        managed_policy = resources.managed_policy(account, item["arn"])
        if managed_policy is None:
            raise Refusal("MalformedPolicyDocument", f"The policy {item['arn']} does not exist")
        documents.append(resources.default_document(managed_policy))
    for document in documents:
        try:
            parse(document)
        except (PolicyError, ValueError) as error:
            raise Refusal("MalformedPolicyDocument", f"The session policy is malformed: {error}") from error
    if len(documents) < 2:
        return documents[0] if documents else None
    statements: list[Any] = []
    for document in documents:
        part = json.loads(document)["Statement"]
        statements += part if isinstance(part, list) else [part]
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{k: v for k, v in s.items() if k != "Sid"} for s in statements]}
    )
