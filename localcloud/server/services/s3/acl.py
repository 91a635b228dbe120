"""Access control lists: refused where AWS refuses them, and never more than the owner's full control.

AWS facts: under BucketOwnerEnforced (the default) S3 accepts no ACL but bucket-owner-full-control; BlockPublicAcls (on
by default) refuses public ones. A bucket with ACLs enabled leaves an object to the account that wrote it, unless it is
BucketOwnerPreferred and the writer sent bucket-owner-full-control.

Here: an ACL that AWS would accept and that gives anybody else access is an error (501): access is decided by policies
alone, and a grant that counts for nothing must not be taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from localcloud.server.call import HOOKS, Call, Params, Refusal

from .owners import canonical_id, owner
from .refusals import access_denied, not_implemented
from .store import bucket_called, object_ownership, public_access_block

PUBLIC_GROUPS = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
PUBLIC_CANNED = ("public-read", "public-read-write", "authenticated-read")
GRANT_HEADERS = {
    "GrantFullControl": "FULL_CONTROL",
    "GrantRead": "READ",
    "GrantReadACP": "READ_ACP",
    "GrantWrite": "WRITE",
    "GrantWriteACP": "WRITE_ACP",
}
_GRANTEE = re.compile(r"\s*(id|uri|emailAddress)\s*=\s*\"?([^\",]+)\"?\s*")


def grants(params: Params) -> list[tuple[str, str]]:
    """(grantee's canonical id, group URI or e-mail address; permission) of each grant, canned ACLs left out."""
    granted: list[tuple[str, str]] = []
    for member, permission in GRANT_HEADERS.items():
        for part in filter(None, str(params.get(member, "")).split(",")):
            match = _GRANTEE.fullmatch(part)
            if match is None:
                raise Refusal("InvalidArgument", "Argument format not recognized", ArgumentValue=part)
            granted.append((match[2], permission))
    for grant in cast("Iterable[dict[str, Any]]", params.get("AccessControlPolicy", {}).get("Grants", [])):
        grantee: dict[str, str] = grant["Grantee"]
        granted.append(
            (grantee.get("ID") or grantee.get("URI") or grantee.get("EmailAddress", ""), grant["Permission"])
        )
    return granted


def names_an_acl(params: Params) -> bool:
    return any(params.get(member) for member in ("ACL", "AccessControlPolicy", *GRANT_HEADERS))


def is_public(params: Params) -> bool:
    return params.get("ACL") in PUBLIC_CANNED or any(grantee in PUBLIC_GROUPS for grantee, _ in grants(params))


def _gives_only(params: Params, canonical: str) -> bool:
    """Whether the grants are nothing but full control for that account."""
    return not params.get("ACL") and grants(params) == [(canonical, "FULL_CONTROL")]


def _not_both(params: Params) -> None:
    if params.get("ACL") and any(params.get(member) for member in GRANT_HEADERS):
        raise Refusal("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")


def _not_implemented() -> Refusal:
    return not_implemented("An ACL that grants access to others than the owner")


def check_new_bucket(call: Call) -> None:
    """Raises :class:`Refusal` for an ACL that CreateBucket doesn't take."""
    params = call.params
    _not_both(params)
    if not names_an_acl(params) or params.get("ACL") == "private":
        return
    ownership = params.get("ObjectOwnership")
    if ownership != "BucketOwnerEnforced" and is_public(params):
        raise Refusal(
            "InvalidBucketAclWithBlockPublicAccessError",
            "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
            BucketName=params["Bucket"],
        )
    if ownership in (None, "BucketOwnerEnforced"):
        raise Refusal(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            BucketName=params["Bucket"],
        )
    if not _gives_only(params, canonical_id(call.caller.account_id)):
        raise _not_implemented()


def check_bucket_acl(call: Call) -> None:
    params, name = call.params, call.params["Bucket"]
    _not_both(params)
    if not names_an_acl(params):
        raise Refusal(
            "MissingSecurityHeader", "Your request was missing a required header", MissingHeaderName="x-amz-acl"
        )
    _check_grants(params, name)


def _check_grants(params: Params, bucket: str) -> None:
    """Raises :class:`Refusal` for an ACL that the bucket's settings refuse, or that isn't carried out."""
    only_owner = _gives_only(params, canonical_id(bucket_called(bucket).account_id))
    if object_ownership(bucket) == "BucketOwnerEnforced" and not only_owner:
        raise acls_not_supported()
    if public_access_block(bucket)["BlockPublicAcls"] and is_public(params):
        raise access_denied()
    if params.get("ACL") != "private" and not only_owner:
        raise _not_implemented()


def acls_not_supported() -> Refusal:
    return Refusal("AccessControlListNotSupported", "The bucket does not allow ACLs")


def check_object_acl(call: Call) -> None:
    """Raises :class:`Refusal` for an ACL that a write of an object doesn't take."""
    params, name = call.params, call.params["Bucket"]
    _not_both(params)
    if not names_an_acl(params) or params.get("ACL") == "bucket-owner-full-control":
        return
    _check_grants(params, name)


def owner_of_new_object(call: Call) -> tuple[str, bool]:
    """The account id of an object that the call writes, and whether the bucket's owner has full control of it.

    Under BucketOwnerEnforced this is asked again at each read, for whatever was written before belongs to the bucket.
    """
    bucket_owner_id = bucket_called(call.params["Bucket"]).account_id
    shared = call.params.get("ACL") == "bucket-owner-full-control"
    if object_ownership(call.params["Bucket"]) == "BucketOwnerPreferred" and shared:
        return bucket_owner_id, True
    return call.caller.account_id, shared or call.caller.account_id == bucket_owner_id


def owner_only(account_id: str) -> Params:
    full = {"Grantee": {"ID": canonical_id(account_id), "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    return {"Owner": owner(account_id), "Grants": [full]}


@HOOKS.instead("s3", "GetBucketAcl")
def get_bucket_acl(call: Call) -> Params:
    return owner_only(bucket_called(call.params["Bucket"]).account_id)


@HOOKS.instead("s3", "PutBucketAcl")
def put_bucket_acl(call: Call) -> Params:
    check_bucket_acl(call)
    return {}
