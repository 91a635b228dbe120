"""When S3 moves and deletes objects by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pulumi_aws import s3

from .checks import Fault, refused
from .rules import DAYS, TIER_DAYS, tiering


@dataclass(frozen=True, kw_only=True)
class LifecycleArgs:
    """All in days."""

    abort_multipart_days: int
    """Unfinished uploads, which are invisible and cost as much as objects."""
    noncurrent_days: int
    """Overwritten and deleted objects; until then they can be brought back."""
    expire_days: int | None = None
    """Objects. None: never."""
    tier_days: int | None = None
    """To Intelligent-Tiering, which moves what isn't read to cheaper tiers. None: never."""

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong."""
        for key in ("abort_multipart_days", "noncurrent_days", "expire_days"):
            days: int | None = getattr(self, key)
            if days is not None:
                yield from refused(key, days, DAYS.fault(days))
        if self.tier_days is not None:
            yield from refused("tier_days", self.tier_days, TIER_DAYS.fault(self.tier_days))
        yield from refused("tier_days", self.tier_days, tiering(self.tier_days, self.expire_days))


def rules(days: LifecycleArgs) -> list[s3.BucketLifecycleConfigurationRuleArgs]:
    """Rules for the whole bucket. S3 takes a number of days or the clean-up of delete markers in one rule, not both."""
    marker = s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True)
    abort = s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
        days_after_initiation=days.abort_multipart_days
    )
    noncurrent = s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
        noncurrent_days=days.noncurrent_days
    )
    everything = s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")
    make = partial(s3.BucketLifecycleConfigurationRuleArgs, status="Enabled", filter=everything)
    lifecycle_rules = [
        make(id="unfinished-uploads", abort_incomplete_multipart_upload=abort),
        make(id="old-versions", noncurrent_version_expiration=noncurrent, expiration=marker),
    ]
    if days.tier_days is not None:
        tier = s3.BucketLifecycleConfigurationRuleTransitionArgs(
            days=days.tier_days, storage_class="INTELLIGENT_TIERING"
        )
        lifecycle_rules.append(make(id="tiering", transitions=[tier]))
    if days.expire_days:
        expire = s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days.expire_days)
        lifecycle_rules.append(make(id="expiry", expiration=expire))
    return lifecycle_rules
