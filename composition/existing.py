"""What an account has already of what its bootstrap makes, by another tool or an earlier deployment.

The first update imports it as it is; the next one's preview shows what would change, and the update changes it. Inline
policies and attachments of an existing role are put: IAM has one of a name. Rests on: the engine imports what is not in
the state and leaves alone what is, if the ids are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi_aws import s3

from components import names
from composition.adoption import account_session
from settings import Portal

if TYPE_CHECKING:
    import boto3

ABSENT: Final = "couldn't find resource"
"""How pulumi-aws says so."""
_BUDGET: Final = "aws:budgets/budget:Budget"
_BLOCK: Final = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
_ISSUER: Final = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
_POLICY: Final = "aws:iam/policy:Policy"
_ROLE: Final = "aws:iam/role:Role"


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A type of resource that can exist already."""

    id: Callable[[Mapping[str, Any], str], str]
    """The id that pulumi-aws gives it, from its inputs and the account."""
    settings: tuple[str, ...]
    """Inputs that AWS may have otherwise, as the engine names them."""


_TAGS: Final = ("tags", "tagsAll")
_KINDS: Final = {
    _BLOCK: _Kind(
        id=lambda _, account: account,
        settings=("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"),
    ),
    _BUDGET: _Kind(
        id=lambda inputs, account: f"{account}:{inputs['name']}",
        settings=(
            "budgetType",
            "costFilters",
            "costTypes",
            "limitAmount",
            "limitUnit",
            "notifications",
            "timePeriodEnd",
            "timePeriodStart",
            "timeUnit",
            *_TAGS,
        ),
    ),
    _ISSUER: _Kind(
        id=lambda inputs, account: names.oidc_provider_arn(account, str(inputs["url"]).removeprefix("https://")),
        settings=("clientIdLists", "thumbprintLists", *_TAGS),
    ),
    _POLICY: _Kind(id=lambda inputs, account: names.policy_arn(account, inputs["name"]), settings=("policy", *_TAGS)),
    _ROLE: _Kind(
        id=lambda inputs, _: str(inputs["name"]),
        settings=("assumeRolePolicy", "description", "maxSessionDuration", "permissionsBoundary", *_TAGS),
    ),
}


def import_existing(portal: Portal, provider: pulumi.ProviderResource) -> None:
    """Has resources that the account has already imported. Raises botocore's errors where IAM or AWS Budgets does not
    answer, and RunError where S3 does not."""
    account = portal.current.account.id
    session = account_session(portal)
    existing = {*identities(session)}
    if portal.current.account.budget:
        existing |= {*budgets(session, account)}
    if _has_block(portal, provider):
        existing.add((_BLOCK, account))

    def imported(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        kind = _KINDS.get(args.type_)
        if kind is None or (args.type_, id_ := kind.id(args.props, account)) not in existing:
            return None
        opts = pulumi.ResourceOptions(import_=id_, ignore_changes=[*kind.settings])
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, opts))

    pulumi.runtime.register_stack_transformation(imported)


def identities(session: boto3.Session) -> Iterator[tuple[str, str]]:
    """Types and ids of what IAM has of those types."""
    iam: Any = session.client("iam")
    yield from ((_ISSUER, row["Arn"]) for row in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"])
    for page in iam.get_paginator("list_policies").paginate(Scope="Local"):
        yield from ((_POLICY, row["Arn"]) for row in page["Policies"])
    for page in iam.get_paginator("list_roles").paginate():
        yield from ((_ROLE, row["RoleName"]) for row in page["Roles"])


def budgets(session: boto3.Session, account: str) -> Iterator[tuple[str, str]]:
    """Type and id of each of the account's budgets."""
    pages = session.client("budgets").get_paginator("describe_budgets").paginate(AccountId=account)
    yield from ((_BUDGET, f"{account}:{row['BudgetName']}") for page in pages for row in page["Budgets"])


def _has_block(portal: Portal, provider: pulumi.ProviderResource) -> bool:
    try:
        s3.get_account_public_access_block(opts=pulumi.InvokeOptions(provider=provider))
    except Exception as error:  # noqa: BLE001 - the SDK raises no narrower one for a provider's refusal
        if ABSENT in str(error):
            return False
        raise pulumi.RunError(f"{portal.stack}: the account's block of public access is not known: {error}") from None
    return True
