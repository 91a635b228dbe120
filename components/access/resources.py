"""Policies of queues, topics, image repositories and endpoints: documents that ``statements.document`` has no kind for.

Rests on: EventBridge and CloudWatch are let in by the resource's own policy, bound to the source; a repository's policy
that names a role which doesn't exist is refused, so readers are an account and a condition on the role's name.
"""

from __future__ import annotations

from typing import Final

from .. import names, orchestrator_names
from .statements import ANYONE, SIZES, Condition, Principals, ResourceKind, Statement, render

PULL: Final = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def resource_document(statements: tuple[Statement, ...], kind: ResourceKind | None = None) -> str:
    """The policy of one resource, as JSON text. ``kind``: of one that grows with the settings, for its limit. Raises
    ValueError for a statement that names no principal, and for a text that is too long."""
    for statement in statements:
        if not statement.principals:
            raise ValueError(f"resource policy, statement {statement.sid!r}: it must have principals")
    text = render(statements)
    if kind and len(text) > SIZES[kind]:
        raise ValueError(f"{kind} policy: {len(text)} characters; AWS allows {SIZES[kind]}")
    return text


def alarm_topic(account: str, region: str, environment: str) -> tuple[Statement, ...]:
    """CloudWatch, for this account's alarms alone."""
    arn = orchestrator_names.topic_arn(account, region, orchestrator_names.alarm_topic(environment))
    source = Condition(operator="StringEquals", key="aws:SourceAccount", values=(account,))
    return (
        _from_service("Alarms", "cloudwatch.amazonaws.com", "sns:Publish", arn, source),
        tls_only(("sns:Publish", "sns:Subscribe"), arn),
    )


def status_queue(account: str, region: str, environment: str, queue: str) -> tuple[Statement, ...]:
    """EventBridge, for the environment's rule alone. ``queue``: the name of one of its queues."""
    arn = orchestrator_names.queue_arn(account, region, queue)
    rule = orchestrator_names.rule_arn(account, region, orchestrator_names.status_rule(environment))
    source = Condition(operator="ArnEquals", key="aws:SourceArn", values=(rule,))
    return (
        _from_service("StatusChanges", "events.amazonaws.com", "sqs:SendMessage", arn, source),
        tls_only(("sqs:*",), arn),
    )


def pull_by(jobs: tuple[str, ...], clusters: tuple[str, ...] = ()) -> Statement:
    """The job and execution roles of other accounts' environments (``jobs``), and the machines of their clusters."""
    accounts = tuple(dict.fromkeys((*jobs, *clusters)))
    roles = tuple(names.role_arn(account, role) for account in jobs for role in names.job_roles())
    roles += tuple(
        names.role_arn(account, orchestrator_names.execution_role("*"), names.DELEGATED_PATH) for account in jobs
    )
    roles += tuple(names.role_arn(account, names.NODE_ROLE) for account in clusters)
    return Statement(
        sid="PullByJobs",
        actions=PULL,
        principals=Principals(kind="AWS", ids=tuple(names.account_arn(account) for account in accounts)),
        conditions=(Condition(operator="ArnLike", key="aws:PrincipalArn", values=roles),),
    )


def endpoint_of_s3(accounts: tuple[str, ...]) -> tuple[Statement, ...]:
    """What passes a network's endpoint of S3: reading from anywhere (images' layers and packages are in AWS's own
    buckets, data in other institutions'), and everything in buckets of these accounts."""
    own = Condition(operator="StringEquals", key="aws:ResourceAccount", values=accounts)
    return (
        Statement(sid="Read", principals=ANYONE, actions=("s3:Get*", "s3:List*"), resources=("*",)),
        Statement(sid="OwnAccounts", principals=ANYONE, actions=("s3:*",), resources=("*",), conditions=(own,)),
    )


def tls_only(actions: tuple[str, ...], *arns: str) -> Statement:
    """Whoever it is, over HTTPS."""
    return Statement(
        sid="TlsOnly",
        effect="Deny",
        principals=ANYONE,
        actions=actions,
        resources=arns,
        conditions=(Condition(operator="Bool", key="aws:SecureTransport", values=("false",)),),
    )


def _from_service(sid: str, service: str, action: str, arn: str, source: Condition) -> Statement:
    """A service of AWS, on behalf of the source alone."""
    return Statement(
        sid=sid,
        actions=(action,),
        resources=(arn,),
        principals=Principals(kind="Service", ids=(service,)),
        conditions=(source,),
    )
