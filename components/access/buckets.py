"""What bucket policies say, and what identities are granted on buckets.

Rests on: an anonymous or foreign caller needs the bucket's policy, and a foreign one its own account's too; objects
that another account writes belong to the bucket's owner under BucketOwnerEnforced. Without ``s3:ListBucket`` a
missing key is 403, not 404, which breaks readers of sparse zarr arrays. S3 has refused TLS older than 1.2 at its
endpoints since 2024, so that the policies need no floor of their own. Actions: AWS service authorization reference,
Amazon S3.
"""

from __future__ import annotations

from .. import names
from . import resources
from .statements import ANYONE, Condition, Principals, Statement


def tls_only(bucket: str) -> Statement:
    """Nobody reaches the bucket over plain HTTP."""
    return resources.tls_only(("s3:*",), names.bucket_arn(bucket), names.objects_arn(bucket))


def public_read(bucket: str) -> tuple[Statement, ...]:
    """Anyone lists the bucket and reads its current objects; older versions stay private."""
    return (
        Statement(sid="List", principals=ANYONE, actions=("s3:ListBucket",), resources=(names.bucket_arn(bucket),)),
        Statement(sid="Read", principals=ANYONE, actions=("s3:GetObject",), resources=(names.objects_arn(bucket),)),
    )


def copy_tagged(bucket: str, accounts: tuple[str, ...]) -> Statement:
    """Roles of these accounts that read the bucket may copy its tagged objects too: a server-side copy within S3 reads
    the tags, which the public does not."""
    return Statement(
        sid="CopyTagged",
        principals=Principals(kind="AWS", ids=tuple(map(names.account_arn, accounts))),
        actions=("s3:GetObjectTagging",),
        resources=(names.objects_arn(bucket),),
    )


def log_delivery(log_bucket: str, account: str, buckets: tuple[str, ...]) -> Statement:
    """S3's log service writes the access logs of these buckets; without this it drops them in silence."""
    return Statement(
        sid="LogDelivery",
        principals=Principals(kind="Service", ids=("logging.s3.amazonaws.com",)),
        actions=("s3:PutObject",),
        resources=(names.objects_arn(log_bucket, names.LOG_PREFIX),),
        conditions=(
            Condition(operator="StringEquals", key="aws:SourceAccount", values=(account,)),
            Condition(operator="ArnEquals", key="aws:SourceArn", values=tuple(map(names.bucket_arn, buckets))),
        ),
    )


def cdn_read(bucket: str, distribution: str) -> tuple[Statement, ...]:
    """One distribution of CloudFront reads; it lists for S3 to say 404 of what is missing, and asks for no listing."""
    cloudfront = Principals(kind="Service", ids=("cloudfront.amazonaws.com",))
    source = (Condition(operator="StringEquals", key="aws:SourceArn", values=(distribution,)),)
    return (
        Statement(
            sid="CdnMissing",
            principals=cloudfront,
            actions=("s3:ListBucket",),
            resources=(names.bucket_arn(bucket),),
            conditions=source,
        ),
        Statement(
            sid="CdnRead",
            principals=cloudfront,
            actions=("s3:GetObject",),
            resources=(names.objects_arn(bucket),),
            conditions=source,
        ),
    )


def cdn_log_delivery(log_bucket: str, account: str, deliveries: tuple[str, ...]) -> Statement:
    """CloudWatch's delivery service writes the access logs of distributions, whose deliveries have these names; it
    would add a statement like this by itself, which the next ``up`` would take away."""
    sources = tuple(f"arn:aws:logs:us-east-1:{account}:delivery-source:{name}" for name in deliveries)
    return Statement(
        sid="CdnLogDelivery",
        principals=Principals(kind="Service", ids=("delivery.logs.amazonaws.com",)),
        actions=("s3:PutObject",),
        resources=(names.objects_arn(log_bucket, f"AWSLogs/{account}/"),),
        conditions=(
            Condition(operator="StringEquals", key="s3:x-amz-acl", values=("bucket-owner-full-control",)),
            Condition(operator="StringEquals", key="aws:SourceAccount", values=(account,)),
            Condition(operator="ArnLike", key="aws:SourceArn", values=sources),
        ),
    )


RELEASE_ACTIONS = ("s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject")
"""``aws s3 sync --delete`` copies tags with objects, and removes what the source lacks. It can do without
``s3:AbortMultipartUpload``: what a failed copy leaves, the bucket's lifecycle removes."""


def receive(bucket: str, source_account: str, role: str) -> Statement:
    """The release role of another account may write here; listing is public already."""
    return Statement(
        sid="Release",
        principals=Principals(kind="AWS", ids=(names.account_arn(source_account),)),
        actions=RELEASE_ACTIONS,
        resources=(names.objects_arn(bucket),),
        conditions=(
            Condition(operator="ArnEquals", key="aws:PrincipalArn", values=(names.role_arn(source_account, role),)),
        ),
    )


def release(source: str, destination: str) -> tuple[Statement, ...]:
    """What a release role may do in its own account's policy: copy ``source`` to ``destination`` and nothing else."""
    return (
        Statement(
            sid="List",
            actions=("s3:ListBucket",),
            resources=(names.bucket_arn(source), names.bucket_arn(destination)),
        ),
        Statement(sid="Read", actions=("s3:GetObject", "s3:GetObjectTagging"), resources=(names.objects_arn(source),)),
        Statement(sid="Write", actions=RELEASE_ACTIONS, resources=(names.objects_arn(destination),)),
    )


def read(sid: str, *buckets: str) -> tuple[Statement, ...]:
    """List and read. Tags too: a server-side copy of a tagged object needs them."""
    return (
        Statement(sid=f"{sid}List", actions=("s3:ListBucket",), resources=tuple(map(names.bucket_arn, buckets))),
        Statement(
            sid=f"{sid}Read",
            actions=("s3:GetObject", "s3:GetObjectTagging"),
            resources=tuple(map(names.objects_arn, buckets)),
        ),
    )


def fetch(sid: str, bucket: str) -> tuple[Statement, ...]:
    """List and read; no tags, since nothing is copied from here within S3."""
    return (
        Statement(sid=f"{sid}List", actions=("s3:ListBucket",), resources=(names.bucket_arn(bucket),)),
        Statement(sid=f"{sid}Read", actions=("s3:GetObject",), resources=(names.objects_arn(bucket),)),
    )


def keep(sid: str, bucket: str) -> tuple[Statement, ...]:
    """List, read, write and delete; tags mark what a lifecycle may remove."""
    actions = ("s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject", "s3:AbortMultipartUpload")
    return (*fetch(sid, bucket), Statement(sid=f"{sid}Write", actions=actions, resources=(names.objects_arn(bucket),)))


def write(sid: str, *buckets: str) -> tuple[Statement, ...]:
    """List, read, write and delete; not versions: what a job deletes can be brought back."""
    return (
        *read(sid, *buckets),
        Statement(
            sid=f"{sid}Write",
            actions=(
                "s3:PutObject",
                "s3:PutObjectTagging",
                "s3:DeleteObject",
                "s3:DeleteObjectTagging",
                "s3:AbortMultipartUpload",
            ),
            resources=tuple(map(names.objects_arn, buckets)),
        ),
    )
