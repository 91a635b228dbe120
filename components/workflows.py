"""The two buckets of an environment's job orchestrator, and the workflows its clients ask for by file name.

Rests on: clients find both buckets by what their names contain, and a workflow at the root of the first by its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import s3

from components.storage import DataBucket, DataBucketArgs, LifecycleArgs


@dataclass(frozen=True, kw_only=True)
class WorkflowsArgs:
    environment: str
    wdl_bucket: str
    comms_bucket: str
    workflows: Mapping[str, str]
    """WDL texts by file name, which is the object's key."""
    results_days: int
    """What jobs leave in the comms bucket is deleted after this many days."""
    lifecycle: LifecycleArgs
    """Of the WDL bucket; the comms bucket's differs in its expiry."""
    logs: DataBucket

    def check(self, name: str) -> None:
        """Raises ValueError naming component, field, value and rule."""
        wrong = sorted(key for key in self.workflows if "/" in key or not key.endswith(".wdl"))
        if not self.workflows or wrong:
            raise ValueError(f"Workflows {name!r}: workflows: {wrong!r}: at least one, each key like name.wdl")
        if self.results_days < 1:
            raise ValueError(f"Workflows {name!r}: results_days: {self.results_days!r}: at least one day")


class Workflows(pulumi.ComponentResource):
    """The WDL bucket with its files, and the bucket for inputs and outputs of jobs."""

    wdl: DataBucket
    comms: DataBucket

    def __init__(self, name: str, args: WorkflowsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:workflows:Workflows", name, None, opts)
        self.wdl = self._workspace(f"{name}-wdl", args, args.wdl_bucket, None)
        self.comms = self._workspace(f"{name}-comms", args, args.comms_bucket, args.results_days)
        for key, text in sorted(args.workflows.items()):
            s3.BucketObjectv2(
                f"{name}-{key}",
                bucket=self.wdl.bucket,
                key=key,
                content=text,
                content_type="text/plain; charset=utf-8",
                tags={"environment": args.environment},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.wdl]),
            )
        self.register_outputs({"wdlBucket": self.wdl.bucket, "commsBucket": self.comms.bucket})

    def _workspace(self, name: str, args: WorkflowsArgs, bucket: str, expire_days: int | None) -> DataBucket:
        settings = DataBucketArgs(
            kind="workspace",
            bucket=bucket,
            lifecycle=LifecycleArgs(
                abort_multipart_days=args.lifecycle.abort_multipart_days,
                noncurrent_days=args.lifecycle.noncurrent_days,
                expire_days=expire_days,
            ),
            logs=args.logs,
        )
        return DataBucket(name, settings, pulumi.ResourceOptions(parent=self))
