"""Roles with fixed names, the boundary that none of them exceeds, and GitHub's way in without stored keys.

Rests on: a role's boundary must exist before the role; IAM refuses a web identity's trust without a condition on its
subject; GitHub's tokens are verified by IAM against its own list of certificate authorities, so no thumbprint is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import iam

from components import names, rules
from components.access.deployment import Zones, boundary
from components.access.statements import Statement, document

INLINE = "permissions"
"""The name of a role's one inline policy. Fixed: put again, it replaces itself, and none is ever left beside it."""


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    role: str
    """The role's name: fixed, since other accounts and clients refer to it."""
    description: str
    trust: tuple[Statement, ...]
    permissions: tuple[Statement, ...]
    boundary: pulumi.Input[str]
    """The ARN of the permissions boundary."""
    max_session_seconds: int = 3_600
    """3,600 to 43,200. A session that one role starts in another lasts an hour at most, whatever this says."""
    more: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict[str, tuple[Statement, ...]])
    """Further permissions by a word for each, as policies of their own: IAM limits a role's inline ones together."""
    aws_policies: tuple[str, ...] = ()
    """Names of AWS's own policies, for a role that a service of AWS works with. Others may be left out beside them."""
    after: tuple[pulumi.Resource, ...] = ()
    """What the trust policy names and must exist first."""

    def check(self, name: str) -> None:
        """Raises ValueError naming component, field, value and rule."""
        if fault := rules.role(self.role):
            raise ValueError(f"Role {name!r}: role: {self.role!r}: {fault}")
        if not 3_600 <= self.max_session_seconds <= 43_200:
            raise ValueError(f"Role {name!r}: max_session_seconds: {self.max_session_seconds!r}: 3600 to 43200")


class Role(pulumi.ComponentResource):
    """A role and what it may do."""

    arn: pulumi.Output[str]
    resource: iam.Role
    """For a component that asks for the role itself."""

    def __init__(self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        trust = document("trust", args.trust)
        permissions = document("identity", args.permissions) if args.permissions or not args.aws_policies else None
        super().__init__("portal:identity:Role", name, None, opts)
        role = iam.Role(
            name,
            name=args.role,
            description=args.description,
            assume_role_policy=trust,
            permissions_boundary=args.boundary,
            max_session_duration=args.max_session_seconds,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
        )
        if permissions:
            iam.RolePolicy(
                f"{name}-policy",
                name=INLINE,
                role=role.name,
                policy=permissions,
                opts=pulumi.ResourceOptions(parent=self),
            )
        for policy in args.aws_policies:
            iam.RolePolicyAttachment(
                f"{name}-{policy}",
                role=role.name,
                policy_arn=names.aws_policy_arn(policy),
                opts=pulumi.ResourceOptions(parent=self),
            )
        for word, statements in args.more.items():
            self._attach(f"{name}-{word}", role, f"{args.role}-{word}", statements)
        self.arn, self.resource = role.arn, role
        self.register_outputs({"arn": self.arn})

    def _attach(self, name: str, role: iam.Role, policy_name: str, statements: tuple[Statement, ...]) -> None:
        opts = pulumi.ResourceOptions(parent=self)
        policy = iam.Policy(
            name,
            name=policy_name,
            description="Further permissions of the role that this is named for",
            policy=document("managed", statements),
            opts=opts,
        )
        iam.RolePolicyAttachment(name, role=role.name, policy_arn=policy.arn, opts=opts)


class Boundary(pulumi.ComponentResource):
    """The most that any role of the program can do."""

    arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        account: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        orchestrators_in: str | None = None,
        cdn_zones: Zones = None,
        databases_here: bool = False,
        cluster_here: bool = False,
    ) -> None:
        """``orchestrators_in``: the region of the account's orchestrators, if it has any. ``cdn_zones``: the Route 53
        zones of its CDNs; None: it has none of those. ``databases_here``, ``cluster_here``: it has such."""
        super().__init__("portal:identity:Boundary", name, None, opts)
        most = boundary(account, orchestrators_in, cdn_zones, databases_here=databases_here, cluster_here=cluster_here)
        policy = iam.Policy(
            name,
            name=names.BOUNDARY,
            # IAM cannot change a description: another text would be another policy.
            description="The most that any role of the portal's infrastructure can do",
            policy=document("managed", most),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = policy.arn
        self.register_outputs({"arn": self.arn})


class GitHubIssuer(pulumi.ComponentResource):
    """GitHub Actions' token issuer, made known to the account."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portal:identity:GitHubIssuer", name, None, opts)
        issuer = iam.OpenIdConnectProvider(
            name,
            url=f"https://{names.GITHUB_ISSUER}",
            client_id_lists=["sts.amazonaws.com"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = issuer.arn
        self.register_outputs({"arn": self.arn})
