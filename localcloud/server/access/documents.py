"""What AWS checks in a policy document when it is stored.

Rests on the grammar (:mod:`.policy`) and on what IAM, S3 and KMS refuse beyond it: principals where they do not belong
or that do not exist, Sids that are not unique, actions without a vendor, ARNs that no resource can have. Each service
answers with a code of its own (:mod:`.refusals`); :class:`Fault` carries the text only.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from localcloud.server.access.patterns import matches
from localcloud.server.access.policy import Policy, PolicyError, Statement, parse
from localcloud.server.access.principal_existence import invalid_principal

_SID = re.compile(r"[0-9A-Za-z]*")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "*")
_NO_REGION = ("iam", "s3", "route53", "cloudfront", "organizations")
_ARN_PARTS = 6

WEB_IDENTITY_SUBJECTS = {
    "token.actions.githubusercontent.com": "token.actions.githubusercontent.com:sub",
    "gitlab.com": "gitlab.com:sub",
    "oidc.circleci.com": "oidc.circleci.com:sub",
    "agent.buildkite.com": "agent.buildkite.com:sub",
    "app.terraform.io": "app.terraform.io:sub",
}
"""Issuers that many customers share, and the claim that tells one's own workloads from others'."""

TRUST_ACTIONS = (
    "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession",
    "sts:SetSourceIdentity", "sts:SetContext",
)  # fmt: skip


class Fault(ValueError):  # noqa: N818 - it is a fault of the document, not of the program
    """What is wrong with a document, in the service's words."""


def read(text: str) -> Policy:
    """The parsed document; raises :class:`Fault`."""
    try:
        return parse(text)
    except PolicyError as error:
        raise Fault(f"Syntax errors in policy. {error}") from error


def size(text: str) -> int:
    """Characters of a document as IAM counts them: without white space."""
    return sum(not character.isspace() for character in text)


def _sids(policy: Policy, pattern: re.Pattern[str] | None) -> None:
    sids = [statement.label for statement in policy.statements if not statement.label.isdigit()]
    if len(sids) != len(set(sids)):
        raise Fault("Statement IDs (SID) in a single policy must be unique.")
    for sid in sids:
        if pattern and not pattern.fullmatch(sid):
            raise Fault(f"Statement IDs (SID) must be alpha-numeric: {sid!r} does not satisfy [0-9A-Za-z]*")


def _each(policy: Policy, *checks: Callable[[Statement], None]) -> None:
    for statement in policy.statements:
        for check in checks:
            check(statement)


def actions_have_a_vendor(statement: Statement) -> None:
    for action in statement.actions:
        if not _ACTION.fullmatch(action):
            raise Fault(f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {action!r}")


def resources_are_arns(statement: Statement) -> None:
    if statement.resources is None:
        raise Fault("Policy statement must contain resources.")
    for resource in statement.resources:
        if resource != "*":
            _arn(resource)


def _arn(resource: str) -> None:
    parts = re.sub(r"\$\{[^}]*\}", "v", resource).split(":", _ARN_PARTS - 1)
    if parts[0] != "arn" or len(parts) < _ARN_PARTS:
        raise Fault(f'Resource {resource} must be in ARN format or "*".')
    _, partition, vendor, region, account, _ = parts
    if partition not in _PARTITIONS:
        raise Fault(f'Partition "{partition}" is not valid for resource "{resource}".')
    if not vendor or "*" in vendor or "?" in vendor:
        raise Fault(f"Resource vendor must be fully qualified and cannot contain regexes: {resource}")
    if vendor in _NO_REGION and region:
        raise Fault(f"{vendor.upper()} resource {resource} cannot contain region information.")
    if vendor == "s3" and account:
        raise Fault(f"S3 resource {resource} cannot contain an account id.")


def check_identity(text: str) -> Policy:
    """A policy of a user, group or role, a managed policy, a boundary or a session policy."""
    policy = read(text)
    for statement in policy.statements:
        if statement.principals is not None:
            raise Fault("Policy document should not specify a principal.")
    _sids(policy, _SID)
    _each(policy, actions_have_a_vendor, resources_are_arns)
    return policy


def check_trust(text: str) -> Policy:
    """A role's trust policy."""
    policy = read(text)
    _sids(policy, _SID)
    _each(policy, _trust_has_no_resource, _trust_actions, principals_exist, _trust_principals, _web_identity)
    return policy


def _trust_has_no_resource(statement: Statement) -> None:
    if statement.resources is not None:
        raise Fault("Has prohibited field Resource")


def _trust_actions(statement: Statement) -> None:
    for action in statement.actions:
        if not any(matches(action, known, ignore_case=True) for known in TRUST_ACTIONS) or action == "*":
            raise Fault(f"AssumeRole policy may only specify STS AssumeRole actions: {action!r}")


def principals_exist(statement: Statement) -> None:
    if statement.principals is None:
        raise Fault("Missing required field Principal")
    for kind, value in statement.principals:
        reason = invalid_principal(kind, value)
        if reason:
            raise Fault(f'Invalid principal in policy: "{kind.upper()}":"{value}" ({reason})')


def _trust_principals(statement: Statement) -> None:
    if ("*", "*") in (statement.principals or ()):
        raise Fault('Invalid principal in policy: "*"')


def _web_identity(statement: Statement) -> None:
    """An issuer that anybody can get a token from must be narrowed by whose token it is."""
    for kind, value in statement.principals or ():
        issuer = value.split("oidc-provider/", 1)[-1].split("/")[0]
        key = WEB_IDENTITY_SUBJECTS.get(issuer)
        if kind != "Federated" or key is None or not statement.allow:
            continue
        subjects = [
            item
            for condition in statement.conditions
            if condition.key.lower() == key and condition.operator in ("StringEquals", "StringLike")
            if not condition.if_exists and condition.quantifier != "ForAllValues"
            for item in condition.values
        ]
        if not subjects or any(set(item) <= {"*", "?"} for item in subjects):
            raise Fault(f"Missing required condition: the trust of {issuer} must be narrowed by {key}")


def check_key(text: str) -> Policy:
    """A KMS key policy. Its Sids may hold spaces; that it holds Latin-1 characters only is in KMS's model."""
    policy = read(text)
    _sids(policy, None)
    _each(policy, principals_exist, actions_have_a_vendor)
    for statement in policy.statements:
        if statement.resources is None:
            raise Fault("Policy statement must contain resources.")
    return policy


def check_resource(text: str) -> Policy:
    """The policy of a queue, topic, repository or event bus."""
    policy = read(text)
    _sids(policy, None)
    _each(policy, principals_exist, actions_have_a_vendor)
    return policy
