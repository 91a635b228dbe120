"""The engine's states of stacks, in a bucket that all stacks share: who reads and writes what of it.

Rests on the keys that the engine writes in a bucket (seen in version 3.259): ``.pulumi/meta.yaml`` of the whole bucket,
and by project and stack the state with its copies, locks, history and backups. It also asks for what may be missing,
and S3 says so to those alone who may list the bucket, whatever the prefix: so the keys of all stacks are seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from .. import names
from . import resources
from .scope import Scope
from .statements import Condition, Principals, Statement

META = ".pulumi/meta.yaml"
WRITE = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")


def read(scope: Scope) -> tuple[Statement, ...]:
    """The state of the stack and of no other, for a role of the stack's account."""
    bucket = names.bucket_arn(names.STATE_BUCKETS)
    return (
        Statement(sid="FindState", actions=("s3:ListBucket",), resources=(bucket,)),
        Statement(sid="ReadState", actions=("s3:GetObject",), resources=_read(names.STATE_BUCKETS, scope)),
    )


def write(scope: Scope) -> Statement:
    """State, lock, history and backups of the stack and of no other."""
    return Statement(sid="WriteState", actions=WRITE, resources=_written(names.STATE_BUCKETS, scope))


def bucket_policy(
    bucket: str, account: str, scopes: Iterable[Scope], engineers: Iterable[str]
) -> tuple[Statement, ...]:
    """``account`` has the bucket; its own roles need no more than their policies. Those of other accounts need the
    bucket's word too; so do the identities of ``engineers``, accounts whose people bring stacks up."""
    arn, objects = names.bucket_arn(bucket), names.objects_arn(bucket)
    statements = [resources.tls_only(("s3:*",), arn, objects)]
    for number, scope in enumerate(sorted(scopes, key=lambda one: one.stack), 1):
        if scope.account != account:
            statements += _for_ci(bucket, number, scope)
    if others := sorted({*engineers} - {account}):
        people = Principals(kind="AWS", ids=tuple(map(names.account_arn, others)))
        statements += [
            Statement(sid="EngineersList", principals=people, actions=("s3:ListBucket",), resources=(arn,)),
            Statement(sid="Engineers", principals=people, actions=WRITE, resources=(objects,)),
        ]
    return tuple(statements)


def _for_ci(bucket: str, number: int, scope: Scope) -> tuple[Statement, ...]:
    """``number`` tells the statements of one stack from another's: their names have letters and digits alone."""
    account = Principals(kind="AWS", ids=(names.account_arn(scope.account),))
    everybody = tuple(names.role_arn(scope.account, role) for role in names.roles_of_ci())
    deploys = (names.role_arn(scope.account, names.GITHUB_DEPLOY),)

    def may(sid: str, actions: tuple[str, ...], where: tuple[str, ...], who: tuple[str, ...]) -> Statement:
        by = Condition(operator="ArnEquals", key="aws:PrincipalArn", values=who)
        return Statement(sid=f"{sid}{number}", principals=account, actions=actions, resources=where, conditions=(by,))

    return (
        may("Find", ("s3:ListBucket",), (names.bucket_arn(bucket),), everybody),
        may("Read", ("s3:GetObject",), _read(bucket, scope), everybody),
        may("Write", WRITE, _written(bucket, scope), deploys),
    )


def _read(bucket: str, scope: Scope) -> tuple[str, ...]:
    keys = (META, f".pulumi/stacks/{scope.project}/{scope.stack}.*", f"{_locks(scope)}/*")
    return tuple(f"{names.bucket_arn(bucket)}/{key}" for key in keys)


def _written(bucket: str, scope: Scope) -> tuple[str, ...]:
    own = f"{scope.project}/{scope.stack}"
    keys = (
        f".pulumi/stacks/{own}.*",
        f"{_locks(scope)}/*",
        f".pulumi/history/{own}/*",
        f".pulumi/backups/{own}/*",
    )
    return tuple(f"{names.bucket_arn(bucket)}/{key}" for key in keys)


def _locks(scope: Scope) -> str:
    return f".pulumi/locks/organization/{scope.project}/{scope.stack}"
