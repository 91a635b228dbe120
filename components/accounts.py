"""The one provider of an account, and what holds for the account as a whole.

Rests on: ``allowedAccountIds`` is compared with the account of the credentials after the role is assumed, before any
resource is touched. Default tags are set on every resource that takes tags. The engine keeps a provider's inputs in the
state, and shows an update wherever they differ: they say nothing of who brings the stack up. It starts the provider
with ``env_var_mappings`` (`pulumi.ResourceOptions`) applied to its own environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws import s3

from . import names, rules
from .checks import Args, Fault


@dataclass(frozen=True, kw_only=True)
class AccountArgs:
    id: str
    """Twelve digits."""
    region: str
    role: str | None = None
    """The role to assume in the account: a name, or an ARN of this account; everybody assumes the same. None: the
    credentials at hand, or those of :data:`names.PROVIDER_VARIABLES`, lead into the account."""
    tags: Mapping[str, str]
    """On every resource that takes tags."""

    def check(self) -> None:
        """Raises ValueError naming field, value and rule."""
        faults = (
            ("id", self.id, rules.account_id(self.id)),
            ("region", self.region, rules.region(self.region)),
            ("role", self.role, rules.role(self.role) if self.role is not None else None),
            ("role", self.role, rules.role_of_account(self.role or "", self.id)),
        )
        for field, value, rule in faults:
            if rule:
                raise ValueError(f"account provider: {field}: {value!r}: {rule}")


def account_provider(name: str, args: AccountArgs) -> aws.Provider:
    """The provider for everything in the account. Raises ValueError for arguments that AWS would refuse."""
    args.check()
    role = names.role_arn(args.id, args.role) if args.role is not None else None
    return aws.Provider(
        name,
        region=args.region,
        allowed_account_ids=[args.id],
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role, session_name="portal")] if role else None,
        default_tags=aws.ProviderDefaultTagsArgs(tags=dict(args.tags)),
        opts=pulumi.ResourceOptions(env_var_mappings=names.PROVIDER_VARIABLES),
    )


@dataclass(frozen=True, kw_only=True)
class AccountPublicAccessArgs(Args):
    blocked: bool
    """Whether no bucket can be public, whatever its own policy says."""

    def faults(self) -> Iterator[Fault]:
        yield from ()


class AccountPublicAccess(pulumi.ComponentResource):
    """Whether any bucket of the account can be public; the account's settings go before every bucket's own.

    ACLs never open a bucket. When the stack is destroyed the settings stay as they are: other buckets may rest on them.
    """

    def __init__(self, name: str, args: AccountPublicAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        # Deleted and made again under the new type, the one block of the account would be gone at the end.
        formerly = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="portal:accounts:ClosedAccount")])
        opts = pulumi.ResourceOptions.merge(opts, formerly)
        super().__init__("portal:accounts:AccountPublicAccess", name, None, opts)
        s3.AccountPublicAccessBlock(
            name,
            block_public_acls=True,
            ignore_public_acls=True,
            block_public_policy=args.blocked,
            restrict_public_buckets=args.blocked,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.register_outputs({})
