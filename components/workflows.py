"""The two buckets of an environment's job orchestrator, and the workflows its clients ask for by file name.

Rests on: clients find both buckets by what their names contain, and a workflow at the root of the first by its key;
a workflow is a WDL text, or a zip archive of it and of what it imports.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import pulumi
from pulumi_aws import s3

from components.storage import DataBucket, DataBucketArgs, LifecycleArgs


class _Body(TypedDict, total=False):
    """Inputs of an object that are its content's."""

    content: str
    content_base64: str
    content_type: str


@dataclass(frozen=True, kw_only=True)
class WorkflowsArgs:
    environment: str
    wdl_bucket: str
    comms_bucket: str
    workflows: Mapping[str, str | bytes]
    """By file name, which is the object's key: the text of each ``.wdl``, the bytes of each ``.wdl.zip``."""
    results_days: int
    """What jobs leave in the comms bucket is deleted after this many days."""
    lifecycle: LifecycleArgs
    """Of the WDL bucket; the comms bucket's differs in its expiry."""
    logs: DataBucket
    retire: bool = False
    """Neither bucket is protected any more: both can be deleted, with all objects in them."""

    def check(self, name: str) -> None:
        """Raises ValueError naming component, field, value and rule."""
        wrong = sorted(key for key, given in self.workflows.items() if "/" in key or not key.endswith(_ending(given)))
        if not self.workflows or wrong:
            rule = "at least one, each key like name.wdl for a text, name.wdl.zip for bytes"
            raise ValueError(f"Workflows {name!r}: workflows: {wrong!r}: {rule}")
        if self.results_days < 1:
            raise ValueError(f"Workflows {name!r}: results_days: {self.results_days!r}: at least one day")


def _ending(given: str | bytes) -> str:
    return ".wdl" if isinstance(given, str) else ".wdl.zip"


def _body(given: str | bytes) -> _Body:
    if isinstance(given, str):
        return {"content": given, "content_type": "text/plain; charset=utf-8"}
    return {"content_base64": b64encode(given).decode(), "content_type": "application/zip"}


class Workflows(pulumi.ComponentResource):
    """The WDL bucket with its files, and the bucket for inputs and outputs of jobs."""

    wdl: DataBucket
    comms: DataBucket

    def __init__(self, name: str, args: WorkflowsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:workflows:Workflows", name, None, opts)
        self.wdl = self._workspace(f"{name}-wdl", args, args.wdl_bucket, None)
        self.comms = self._workspace(f"{name}-comms", args, args.comms_bucket, args.results_days)
        for key, given in sorted(args.workflows.items()):
            s3.BucketObjectv2(
                f"{name}-{key}",
                bucket=self.wdl.bucket,
                key=key,
                tags={"environment": args.environment},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.wdl]),
                **_body(given),
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
            protect=not args.retire,
        )
        return DataBucket(name, settings, pulumi.ResourceOptions(parent=self))
