"""What must be there before the engine can keep a state: the bucket of the states, and a key in each account.

No state has them, and so none takes them away; whatever else an account has before its stack, the program in
`bootstrap/` makes. What is there already is taken as it is, but for the settings below, which are set again wherever
they differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from components import names, rules
from components.access.statements import document
from components.access.states import bucket_policy
from portal import policies
from portal.errors import PortalError
from portal.recovery import Place
from portal.state_key import ensure_key, refuse_stranger
from settings import Portal, load
from settings.scope import scope_of

KEEP_DAYS: Final = 365
"""How long an overwritten state can be brought back."""
CLOSED: Final = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
OWNERSHIP: Final = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
LIFECYCLE: Final = {
    "Rules": [
        {
            "ID": "earlier-states",
            "Status": "Enabled",
            "Filter": {},
            "NoncurrentVersionExpiration": {"NoncurrentDays": KEEP_DAYS},
        }
    ]
}
POLICY: Final = "policy"
ABSENT: Final = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "OwnershipControlsNotFoundError",
    }
)


@dataclass(frozen=True, kw_only=True)
class StateBucket:
    """The bucket of all stacks' states, in one of their accounts."""

    name: str
    place: Place
    portal: Portal

    @property
    def url(self) -> str:
        """The engine's, as ``PULUMI_BACKEND_URL`` has it."""
        return f"s3://{self.name}?region={self.place.region}"

    def check(self) -> None:
        """Raises PortalError for a name that the roles of CI don't know, or that S3 refuses."""
        wanted = names.STATE_BUCKETS.rstrip("*")
        fault = rules.bucket_name(self.name)
        if fault is None and not self.name.startswith(wanted):
            fault = f"must begin with {wanted}: the roles of CI reach buckets of such a name"
        if fault:
            raise PortalError(f"--state-bucket: {self.name!r}: {fault}")

    def ensure(self, *, yes: bool) -> Iterator[str]:
        """Makes the bucket if there is none and sets what differs; says what it did. Raises PortalError where the
        bucket is another account's, or nobody agrees to what its policy would lose, and botocore's errors."""
        refuse_stranger(self.place, self.portal.project.engineers)
        s3 = self.place.client("s3")
        if self._make(s3):
            yield f"bucket {self.name}: made"
        for setting, read, wanted, put in self._settings(s3):
            before = _answer(read)
            if not policies.same(before, wanted) if setting == POLICY else before != wanted:
                if setting == POLICY:
                    policies.agree_to_loss(f"the bucket {self.name}", before, wanted, yes=yes)
                put()
                yield f"bucket {self.name}: {setting} set"

    def _make(self, s3: Any) -> bool:
        try:
            s3.head_bucket(Bucket=self.name, ExpectedBucketOwner=self.place.account)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status == 403:
                rule = f"is there, and not in the account {self.place.account}: name the stack whose account has it"
                raise PortalError(f"--state-bucket: {self.name!r}: {rule}") from error
            if status != 404:
                raise
            where = {} if self.place.region == "us-east-1" else {"LocationConstraint": self.place.region}
            s3.create_bucket(Bucket=self.name, **({"CreateBucketConfiguration": where} if where else {}))
            return True
        return False

    def _settings(self, s3: Any) -> Iterator[tuple[str, Callable[[], Any], Any, Callable[[], Any]]]:
        """Each setting: its name, how it is read, what it should be, how it is set."""
        name = {"Bucket": self.name}
        policy = json.loads(self._policy())
        yield (
            "public access block",
            lambda: s3.get_public_access_block(**name)["PublicAccessBlockConfiguration"],
            CLOSED,
            lambda: s3.put_public_access_block(**name, PublicAccessBlockConfiguration=CLOSED),
        )
        yield (
            "ownership",
            lambda: s3.get_bucket_ownership_controls(**name)["OwnershipControls"],
            OWNERSHIP,
            lambda: s3.put_bucket_ownership_controls(**name, OwnershipControls=OWNERSHIP),
        )
        yield (
            "versioning",
            lambda: s3.get_bucket_versioning(**name).get("Status"),
            "Enabled",
            lambda: s3.put_bucket_versioning(**name, VersioningConfiguration={"Status": "Enabled"}),
        )
        yield (
            "lifecycle",
            lambda: s3.get_bucket_lifecycle_configuration(**name)["Rules"],
            LIFECYCLE["Rules"],
            lambda: s3.put_bucket_lifecycle_configuration(**name, LifecycleConfiguration=LIFECYCLE),
        )
        yield (
            POLICY,
            lambda: json.loads(s3.get_bucket_policy(**name)["Policy"]),
            policy,
            lambda: s3.put_bucket_policy(**name, Policy=json.dumps(policy)),
        )

    def _policy(self) -> str:
        scopes = [scope_of(load(stack, self.portal.directory)) for stack in self.portal.stacks]
        return document("bucket", bucket_policy(self.name, self.place.account, scopes, self.portal.project.engineers))


def ensure_account_key(place: Place, engineers: Sequence[str], *, yes: bool) -> Iterator[str]:
    """The key that encrypts the secrets in the state of the account's stack; says whether it was made."""
    kms = place.client("kms")
    before = _aliases(kms)
    ensure_key(place, engineers, yes=yes)
    if names.STATE_KEY not in before:
        yield f"key {names.STATE_KEY}: made"


def _aliases(kms: Any) -> set[str]:
    pages = kms.get_paginator("list_aliases").paginate()
    return {row["AliasName"] for page in pages for row in page["Aliases"]}


def _answer(read: Callable[[], Any]) -> Any:
    """None if there is no such setting."""
    try:
        return read()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ABSENT:
            return None
        raise
