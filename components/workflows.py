"""The two buckets of an environment's job orchestrator, and the workflows its clients ask for by file name.

Rests on: clients find both buckets by what their names contain, and a workflow at the root of the first by its key;
a workflow is a WDL text, or a zip archive of it and of what it imports.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

import pulumi
from pulumi_aws import s3

from . import rules
from .checks import Args, Fault, refused
from .lifecycle import LifecycleArgs
from .storage import DataBucket, DataBucketArgs


class _Body(TypedDict, total=False):
    """Inputs of an object that are its content's."""

    content: str
    content_base64: str
    content_type: str


@dataclass(frozen=True, kw_only=True)
class WorkflowsArgs(Args):
    environment: str
    wdl_bucket: str
    comms_bucket: str
    workflows: Mapping[str, str | bytes]
    """By file name, which is the object's key: the text of each ``.wdl``, the bytes of each ``.wdl.zip``."""
    results_days: int
    """Objects in the comms bucket are deleted after this many days."""
    lifecycle: LifecycleArgs
    """The lifecycle of the WDL bucket; that of the comms bucket differs in its expiry."""
    logs: DataBucket
    retire: bool = False
    """Neither bucket is protected any more: both can be deleted, with all objects in them."""

    def faults(self) -> Iterator[Fault]:
        wrong = sorted(key for key, given in self.workflows.items() if "/" in key or not key.endswith(_ending(given)))
        if not self.workflows or wrong:
            yield "workflows", wrong, "at least one, each key like name.wdl for a text, name.wdl.zip for bytes"
        yield from refused("results_days", self.results_days, rules.DAYS.fault(self.results_days))


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
        self.register_outputs({"wdl_bucket": self.wdl.bucket, "comms_bucket": self.comms.bucket})

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
