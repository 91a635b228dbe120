"""Roles with fixed names, the boundaries that they don't exceed, and GitHub's way in without stored keys.

Rests on: a role's boundary must exist before the role; IAM refuses a web identity's trust without a condition on its
subject; GitHub's tokens are verified by IAM against its own list of certificate authorities, so no thumbprint is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import iam

from . import names, rules
from .access import boundaries
from .access.scope import Scope
from .access.statements import Statement, document
from .checks import Args, Fault, refused

INLINE = "permissions"
"""The name of a role's one inline policy. Fixed: put again, it replaces itself, and none is ever left beside it."""


@dataclass(frozen=True, kw_only=True)
class RoleArgs(Args):
    role: str
    """The role's name: fixed, since other accounts and clients refer to it."""
    path: str = "/"
    """The role's IAM path, by which policies tell who may change it. A role with another path is another role: it is
    deleted, and made again under its name."""
    description: str
    trust: tuple[Statement, ...]
    permissions: tuple[Statement, ...]
    boundary: pulumi.Input[str] | None
    """The ARN of the permissions boundary; None for a role that an administrator alone makes and changes."""
    max_session_seconds: int = 3_600
    """3,600 to 43,200. A session that one role starts in another lasts an hour at most, whatever this says."""
    more: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict[str, tuple[Statement, ...]])
    """Further permissions by a word for each, as policies of their own: IAM limits a role's inline ones together."""
    aws_policies: tuple[str, ...] = ()
    """Names of AWS's own policies, for a role that a service of AWS works with. Others may be left out beside them."""
    after: tuple[pulumi.Resource, ...] = ()
    """What the trust policy names and must exist first."""

    def faults(self) -> Iterator[Fault]:
        yield from refused("role", self.role, rules.role(self.role))
        if not 3_600 <= self.max_session_seconds <= 43_200:
            yield "max_session_seconds", self.max_session_seconds, "3600 to 43200"


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
            path=args.path,
            description=args.description,
            assume_role_policy=trust,
            permissions_boundary=args.boundary,
            max_session_duration=args.max_session_seconds,
            # IAM has no two roles of a name, whatever their paths.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after], delete_before_replace=True),
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


@dataclass(frozen=True, kw_only=True)
class BoundariesArgs(Args):
    scope: Scope
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """On each of the policies."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be complete before the policies are made or changed, and their tags with them."""

    def faults(self) -> Iterator[Fault]:
        yield from refused("scope.account", self.scope.account, rules.account_id(self.scope.account))
        yield from refused("scope.region", self.scope.region, rules.region(self.scope.region))
        for key, value in self.tags.items():
            yield from refused("tags", key, rules.tag_key(key))
            yield from refused(f"tags.{key}", value, rules.tag_value(value))


class Boundaries(pulumi.ComponentResource):
    """The most that the program's roles can do, by who changes them (``access.boundaries``). Roles refer to them by
    their fixed names."""

    def __init__(self, name: str, args: BoundariesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:identity:Boundaries", name, None, opts)
        for word, (policy, statements) in boundaries.by_word(args.scope).items():
            iam.Policy(
                f"boundary-{word}",
                name=policy,
                # IAM cannot change a description: another text would be another policy.
                description=f"The most that roles of the portal can do: {word}",
                policy=document("managed", statements),
                tags=args.tags or None,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
            )
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class GitHubIssuerArgs(Args):
    audiences: tuple[str, ...] = (names.GITHUB_AUDIENCE,)
    """Whom GitHub's tokens may be meant for; other tools of the account may need others."""

    def faults(self) -> Iterator[Fault]:
        if names.GITHUB_AUDIENCE not in self.audiences:
            yield "audiences", self.audiences, f"must have {names.GITHUB_AUDIENCE}, for which the roles' trust asks"


class GitHubIssuer(pulumi.ComponentResource):
    """GitHub Actions' token issuer, made known to the account. It stays when the stack is destroyed: an account has one
    for every tool that uses it."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: GitHubIssuerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:identity:GitHubIssuer", name, None, opts)
        issuer = iam.OpenIdConnectProvider(
            name,
            url=f"https://{names.GITHUB_ISSUER}",
            client_id_lists=[*args.audiences],
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.arn = issuer.arn
        self.register_outputs({"arn": self.arn})
