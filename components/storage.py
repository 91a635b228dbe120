"""DataBucket: one S3 bucket and all that makes it safe.

Rests on: two configuration calls on one bucket at the same time are a 409 (OperationAborted), a public policy is
refused while the public access block forbids it, and access logs are delivered only where the log bucket's policy lets
S3's log service write. So the parts are made one after the other: bucket, ownership, public access block, the rest, and
the policy at the end, since it may have to wait for the CDN that it admits. SSE-S3 throughout: anonymous readers, CDNs
and S3's log delivery cannot use a KMS key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import pulumi
from pulumi_aws import s3

from . import cors, lifecycle, names, rules
from .access import buckets
from .access.statements import Statement, document
from .checks import Args, Check, Fault, broken, within
from .kinds import BUCKET_KINDS, BucketKind, protected
from .lifecycle import LifecycleArgs

Part = Literal["ownership", "public-access", "policy", "versioning", "encryption", "lifecycle", "cors", "logging"]
"""What belongs to a bucket and is a resource of its own."""

_PUBLIC_ACCESS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
SETTINGS: Final[Mapping[Part, tuple[str, ...]]] = {
    "ownership": ("rule",),
    "public-access": _PUBLIC_ACCESS,
    "policy": ("policy",),
    "versioning": ("versioningConfiguration", "mfa"),
    "encryption": ("rules",),
    "lifecycle": ("rules", "transitionDefaultMinimumObjectSize"),
    "cors": ("corsRules",),
    "logging": ("targetBucket", "targetPrefix", "targetGrants", "targetObjectKeyFormat"),
}
"""All properties of each part but the bucket's name. An import fails where one of them is not as the program says."""


@dataclass(frozen=True, kw_only=True)
class DataBucketArgs(Args):
    kind: BucketKind
    """``public`` opens the bucket to anonymous reading; ``workspace`` may be deleted with its objects; the others are
    protected from deletion."""
    bucket: str
    """The bucket's name."""
    lifecycle: LifecycleArgs
    statements: tuple[Statement, ...] = ()
    """Further statements of the bucket policy, beside TLS only and what the kind brings."""
    distribution: pulumi.Output[str] | None = None
    """ARN of the CloudFront distribution that may read. It is made over the bucket, so the policy waits for it."""
    cors_origins: tuple[str, ...] = ()
    """Origins of web pages that may read; empty: none."""
    logs: DataBucket | None = None
    """The log bucket of the account; every kind but ``log`` has one."""
    adopt: frozenset[Part] | None = None
    """Take in the bucket of this name, which exists and has these parts, all as they are; other parts are not made.
    None: the bucket is made. The first update without it brings what the other arguments say."""
    retire: bool = False
    """No longer protected; whatever becomes of the resources, AWS keeps the bucket and its settings."""
    protect: bool | None = None
    """Whether deleting the bucket is refused, and emptying it for that. None: for every kind but ``workspace``."""

    def faults(self) -> Iterator[Fault]:
        rule = rules.bucket_name(self.bucket)
        taken_in = rules.taken_in(adopt=self.adopt is not None, retire=self.retire)
        checks: tuple[Check, ...] = (
            (self.kind in BUCKET_KINDS, "kind", self.kind, f"one of {', '.join(BUCKET_KINDS)}"),
            (rule is None, "bucket", self.bucket, str(rule)),
            ((self.logs is None) == (self.kind == "log"), "logs", self.logs, "required, except for the kind log"),
            (self.logs is None or self.logs.kind == "log", "logs", self.logs, "a bucket of kind log"),
            (taken_in is None, "adopt", True, str(taken_in)),
        )
        yield from broken(checks)
        yield from within("lifecycle", self.lifecycle.faults())


class DataBucket(pulumi.ComponentResource):
    """One S3 bucket: ownership enforced, TLS only, encrypted, versioned, logged, and as closed as its kind allows."""

    bucket: pulumi.Output[str]
    """The bucket's name, known when the bucket exists."""
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: DataBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:storage:DataBucket", name, None, opts)
        self.kind, self.name, self._args, self._created = args.kind, name, args, list[pulumi.Resource]()
        protect = protected(args.kind) if args.protect is None else args.protect
        self._protected = protect and not args.retire

        bucket = self._bucket()
        self.bucket, self.arn = bucket.bucket, bucket.arn
        for part, build in self._parts():
            if args.adopt is None or part in args.adopt:
                self._created.append(build(f"{name}-{part}", self._options(part)))
        self.register_outputs({"bucket": self.bucket, "arn": self.arn})

    def grant_read(self, sid: str) -> tuple[Statement, ...]:
        """List and read, for an identity's policy."""
        return buckets.read(sid, self._args.bucket)

    def grant_write(self, sid: str) -> tuple[Statement, ...]:
        """List, read, write and delete (not versions), for an identity's policy."""
        return buckets.write(sid, self._args.bucket)

    def _parts(self) -> Iterator[tuple[Part, Callable[[str, pulumi.ResourceOptions], pulumi.Resource]]]:
        """In the order in which they are made."""
        yield "ownership", self._ownership
        yield "public-access", self._public_access_block
        yield "versioning", self._versioning
        yield "encryption", self._encryption
        yield "lifecycle", self._lifecycle
        if self._args.cors_origins:
            yield "cors", self._cors
        if self._args.logs:
            yield "logging", partial(self._logging, self._args.logs)
        yield "policy", self._policy

    def _options(self, part: Part) -> pulumi.ResourceOptions:
        """A part is made after the one before it, and is protected like the bucket: a ``destroy`` that is refused the
        bucket would else have taken its policy and its versioning. A retired bucket's parts are let go of, not undone.
        """
        args = self._args
        logs = [args.logs] if part == "logging" and args.logs else []
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=[*self._created[-1:], *logs],
            protect=self._protected and part != "cors",
            retain_on_delete=args.retire,
            import_=None if args.adopt is None else args.bucket,
            ignore_changes=None if args.adopt is None else [*SETTINGS[part]],
        )

    def _bucket(self) -> s3.Bucket:
        args = self._args
        emptied_to_delete = not protected(args.kind) and not self._protected
        options = pulumi.ResourceOptions(
            parent=self,
            protect=self._protected,
            retain_on_delete=args.retire,
            import_=None if args.adopt is None else args.bucket,
            ignore_changes=None if args.adopt is None else ["tags", "tagsAll", "forceDestroy"],
        )
        bucket = s3.Bucket(
            self.name, bucket=args.bucket, force_destroy=emptied_to_delete, tags={"kind": args.kind}, opts=options
        )
        self._created.append(bucket)
        return bucket

    def _ownership(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        """ACLs are off and every object is the bucket owner's, also what another account writes."""
        rule = s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced")
        return s3.BucketOwnershipControls(name, bucket=self.bucket, rule=rule, opts=opts)

    def _public_access_block(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        """ACLs never open a bucket, not even a public one: its policy alone does."""
        closed = self.kind != "public"
        return s3.BucketPublicAccessBlock(
            name,
            bucket=self.bucket,
            block_public_acls=True,
            ignore_public_acls=True,
            block_public_policy=closed,
            restrict_public_buckets=closed,
            opts=opts,
        )

    def _policy(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        opened = buckets.public_read(self._args.bucket) if self.kind == "public" else ()
        statements = (buckets.tls_only(self._args.bucket), *opened, *self._args.statements)
        policy: pulumi.Input[str] = document("bucket", statements)
        if self._args.distribution is not None:
            policy = self._args.distribution.apply(
                lambda arn: document("bucket", (*statements, *buckets.cdn_read(self._args.bucket, arn)))
            )
        return s3.BucketPolicy(name, bucket=self.bucket, policy=policy, opts=opts)

    def _versioning(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        status = s3.BucketVersioningVersioningConfigurationArgs(status="Enabled")
        return s3.BucketVersioning(name, bucket=self.bucket, versioning_configuration=status, opts=opts)

    def _encryption(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256"
        )
        rule = s3.BucketServerSideEncryptionConfigurationRuleArgs(apply_server_side_encryption_by_default=default)
        return s3.BucketServerSideEncryptionConfiguration(name, bucket=self.bucket, rules=[rule], opts=opts)

    def _lifecycle(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        by_days = lifecycle.rules(self._args.lifecycle)
        return s3.BucketLifecycleConfiguration(name, bucket=self.bucket, rules=by_days, opts=opts)

    def _cors(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        rule = s3.BucketCorsConfigurationCorsRuleArgs(
            id="read",
            allowed_methods=[*cors.METHODS],
            allowed_origins=[*self._args.cors_origins],
            allowed_headers=[*cors.REQUEST_HEADERS],
            expose_headers=[*cors.EXPOSED_HEADERS],
            max_age_seconds=cors.MAX_AGE_SECONDS,
        )
        return s3.BucketCorsConfiguration(name, bucket=self.bucket, cors_rules=[rule], opts=opts)

    def _logging(self, logs: DataBucket, name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        by_event = s3.BucketLoggingTargetObjectKeyFormatPartitionedPrefixArgs(partition_date_source="EventTime")
        return s3.BucketLogging(
            name,
            bucket=self.bucket,
            target_bucket=logs.bucket,
            target_prefix=names.LOG_PREFIX,
            target_object_key_format=s3.BucketLoggingTargetObjectKeyFormatArgs(partitioned_prefix=by_event),
            opts=opts,
        )
