"""A caller's side of a decision: who it is to a policy, its policies, and the condition keys it brings.

AWS facts: a session acts with its role's policies, narrowed by the role's permissions boundary and by the policy given
when the session was made; ``aws:PrincipalArn`` is then the role's ARN. A user has its own policies and its groups'.
"""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.server.access import resources
from localcloud.server.access.evaluate import Named
from localcloud.server.access.permission import Permission, Values
from localcloud.server.access.policy import PolicyError, parse
from localcloud.server.access.principals import Principal
from localcloud.server.access.resources import Group, ManagedPolicy, Role, User
from localcloud.server.call import Call, Caller


@dataclass(frozen=True, kw_only=True)
class Own:
    """The policies of a caller, parsed, and their documents by part."""

    identity: tuple[Named, ...] = ()
    boundary: Named | None = None
    session: Named | None = None

    @property
    def documents(self) -> dict[str, list[str]]:
        parts = {"identity": list(self.identity), "boundary": [self.boundary], "session": [self.session]}
        return {part: [item.policy.document for item in items if item] for part, items in parts.items() if any(items)}


def principal(call: Call, permission: Permission) -> Principal:
    """The caller in a policy's terms. A web identity is nobody signed: its provider vouches for it."""
    caller = call.caller
    provider = permission.context.get("aws:FederatedProvider")
    if permission.action == "sts:AssumeRoleWithWebIdentity" or (caller.kind == "anonymous" and provider):
        return Principal(kind="federated", name=provider[0] if provider else "")
    if caller.kind == "service":
        return Principal(kind="service", name=caller.arn, account=caller.account_id)
    return Principal(
        kind=caller.kind,
        account=caller.account_id,
        arn=caller.arn,
        role_arn=caller.principal_arn if caller.kind == "assumed-role" else "",
    )


def entity(caller: Caller) -> Role | User | None:
    """The role or user behind a caller."""
    return resources.by_arn(caller.principal_arn) if caller.kind in ("user", "assumed-role") else None


def policies(caller: Caller) -> Own:
    """Everything that applies to the caller. A role or user that is gone has none."""
    found = entity(caller)
    session = Named(name="session policy", policy=parse(caller.session_policy)) if caller.session_policy else None
    if found is None:
        return Own(session=session)
    identity = _of(found)
    if isinstance(found, User):
        for group in resources.groups_of(found):
            identity += _of(group)
    return Own(identity=tuple(identity), boundary=boundary(found), session=session)


def _of(holder: Role | User | Group) -> list[Named]:
    inline = [Named(name=name, policy=parse(text)) for name, text in list(holder.policies.items())]
    return inline + [_managed(arn, policy) for arn, policy in list(holder.managed_policies.items())]


def _managed(arn: str, policy: ManagedPolicy) -> Named:
    return Named(name=arn, policy=parse(resources.default_document(policy)))


def boundary(holder: Role | User) -> Named | None:
    """The permissions boundary of a role. moto keeps none for users."""
    arn = holder.permissions_boundary_arn if isinstance(holder, Role) else None
    if not arn:
        return None
    policy = resources.managed_policy(holder.account_id, arn)
    if policy is None:
        raise PolicyError(f"{holder.arn}: its permissions boundary {arn} does not exist")
    return _managed(arn, policy)


_TYPES = {"anonymous": "Anonymous", "root": "Account", "user": "User", "assumed-role": "AssumedRole"}


def context(caller: Caller) -> Values:
    """The condition keys that describe the caller. aws:PrincipalOrgID is never there: no organization is modelled."""
    if caller.kind == "anonymous":
        return {"aws:PrincipalType": ["Anonymous"], "aws:userid": ["anonymous"], "aws:PrincipalIsAWSService": ["false"]}
    if caller.kind == "service":
        return {"aws:PrincipalIsAWSService": ["true"], "aws:PrincipalServiceName": [caller.arn]}
    values: Values = {
        "aws:PrincipalAccount": [caller.account_id],
        "aws:PrincipalArn": [caller.principal_arn or caller.arn],
        "aws:PrincipalType": [_TYPES[caller.kind]],
        "aws:userid": [caller.user_id],
        "aws:PrincipalIsAWSService": ["false"],
        "aws:ViaAWSService": ["false"],
    }
    if caller.kind == "assumed-role":
        values["aws:MultiFactorAuthPresent"] = ["false"]
    if caller.kind == "user":
        values["aws:username"] = [caller.arn.split("/")[-1]]
    for name, value in {**resources.tags_of(entity(caller)), **caller.session_tags}.items():
        values[f"aws:PrincipalTag/{name}"] = [value]
    return values
