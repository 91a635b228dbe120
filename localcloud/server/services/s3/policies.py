"""Bucket policies and the public access block.

AWS facts: a public policy is refused while BlockPublicPolicy is on (the access decision does
that, for it concerns the caller's permission); deleting what isn't there is no error; deleting the public access block
leaves nothing blocked but what the account blocks.
"""

from __future__ import annotations

from localcloud.server.access import public
from localcloud.server.access.bucket_documents import check_bucket
from localcloud.server.access.documents import Fault
from localcloud.server.call import HOOKS, Call, Params, Refusal

from .conflicts import changing
from .refusals import malformed_xml, not_configured
from .store import PUBLIC_ACCESS_SETTINGS, bucket_policy, documents


@HOOKS.instead("s3", "PutBucketPolicy")
def put_bucket_policy(call: Call) -> Params:
    name, policy = call.params["Bucket"], call.params["Policy"]
    try:
        check_bucket(policy, name)
    except Fault as fault:
        raise Refusal("MalformedPolicy", str(fault), 400, BucketName=name) from fault
    with changing(call) as single:
        single["policy"] = policy
    return {}


@HOOKS.instead("s3", "GetBucketPolicy")
def get_bucket_policy(call: Call) -> Params:
    return {"Policy": _policy(call)}


def _policy(call: Call) -> str:
    documents(call.params["Bucket"])
    policy = bucket_policy(call.params["Bucket"])
    if policy is None:
        raise not_configured("NoSuchBucketPolicy", "The bucket policy does not exist", call.params["Bucket"])
    return policy


@HOOKS.instead("s3", "DeleteBucketPolicy")
def delete_bucket_policy(call: Call) -> Params:
    with changing(call) as single:
        single.pop("policy", None)
    return {}


@HOOKS.instead("s3", "GetBucketPolicyStatus")
def get_bucket_policy_status(call: Call) -> Params:
    return {"PolicyStatus": {"IsPublic": public.is_public(_policy(call))}}


@HOOKS.instead("s3", "PutPublicAccessBlock")
def put_public_access_block(call: Call) -> Params:
    asked = call.params["PublicAccessBlockConfiguration"]
    if not asked:
        raise malformed_xml()
    with changing(call) as single:
        single["public_access_block"] = {name: bool(asked.get(name, False)) for name in PUBLIC_ACCESS_SETTINGS}
    return {}


@HOOKS.instead("s3", "GetPublicAccessBlock")
def get_public_access_block(call: Call) -> Params:
    own = documents(call.params["Bucket"]).single.get("public_access_block")
    if own is None:
        raise not_configured(
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
            call.params["Bucket"],
        )
    return {"PublicAccessBlockConfiguration": dict(own)}


@HOOKS.instead("s3", "DeletePublicAccessBlock")
def delete_public_access_block(call: Call) -> Params:
    with changing(call) as single:
        single.pop("public_access_block", None)
    return {}


@HOOKS.instead("s3", "PutBucketOwnershipControls")
def put_bucket_ownership_controls(call: Call) -> Params:
    rules = call.params["OwnershipControls"].get("Rules", [])
    if len(rules) != 1:
        raise malformed_xml()
    with changing(call) as single:
        single["ownership_controls"] = {"Rules": [dict(rules[0])]}
    return {}


@HOOKS.instead("s3", "GetBucketOwnershipControls")
def get_bucket_ownership_controls(call: Call) -> Params:
    controls = documents(call.params["Bucket"]).single.get("ownership_controls")
    if controls is None:
        raise not_configured(
            "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", call.params["Bucket"]
        )
    return {"OwnershipControls": {"Rules": [dict(rule) for rule in controls["Rules"]]}}


@HOOKS.instead("s3", "DeleteBucketOwnershipControls")
def delete_bucket_ownership_controls(call: Call) -> Params:
    with changing(call) as single:
        single.pop("ownership_controls", None)
    return {}
