"""The job that measures a database and its copy: nobody but the environment's job machines reaches them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from portal.drills.waiting import wait_for
from portal.environments import Discovered, Home
from portal.errors import PortalError
from portal.following.outcomes import Outcome, outcome
from portal.submission import defaults
from portal.submission.defaults import Command, Generation
from portal.submission.requests import Job, execution_input, refuse, request

WORKFLOW: Final = defaults.DEFAULTS[Command.RESTORE_DRILL].workflow(Generation.NEWER)
FOLDER: Final = "db_import_restore_drill-0"
"""Of the job's outputs: the workflow's name with the first number of its version."""


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """A run of the environment's state machine, on demand."""

    where: Home
    states: Any = field(repr=False)
    s3: Any = field(repr=False)
    image_tag: str = defaults.TAG

    def check(self) -> None:
        """Raises PortalError for a job that would be refused, before anything is restored for it."""
        bucket = self.where.settings.wdl_bucket
        if not self.s3.list_objects_v2(Bucket=bucket, Prefix=WORKFLOW, MaxKeys=1)["KeyCount"]:
            rule = f"the next `portal up {self.where.stack}` puts it there"
            raise PortalError(f"s3://{bucket} has no {WORKFLOW}, by which the job compares; {rule}")
        self._input("copy", 5432)

    def measure(self, host: str, port: int) -> Mapping[str, Any]:
        """What the job found in the copy there, and in the running database. The run does not outlive the call.

        Raises PortalError if the run fails: the copy, or the database, can't be read.
        """
        given, name = self._input(host, port)
        arn = self.states.start_execution(stateMachineArn=self.where.machine_arn, name=name, input=json.dumps(given))[
            "executionArn"
        ]
        try:
            result = wait_for(f"the comparison {name}", lambda: self.ended(arn))
        except BaseException:
            self._stop(arn)
            raise
        if not result.succeeded:
            raise PortalError(f"the comparison could not be made: {result.error}: {result.cause}; portal logs {arn}")
        bucket, _, prefix = given["OutputPrefix"].removeprefix("s3://").partition("/")
        return json.loads(self.s3.get_object(Bucket=bucket, Key=f"{prefix}/{FOLDER}/report.json")["Body"].read())

    def _input(self, host: str, port: int) -> tuple[dict[str, Any], str]:
        """What is sent, without any password, and the execution's name."""
        where, region, registry = self.where, self.where.region, self.where.project.registry
        wanted = request(
            Command.RESTORE_DRILL,
            Generation.NEWER,
            {},
            image=defaults.image(registry, region, registry.ingest, self.image_tag),
            on_demand=True,
        )
        inputs = {
            "v2_docker_image_id": defaults.image(registry, region, registry.import_, self.image_tag),
            "environment": where.name,
            "copy_host": host,
            "copy_port": str(port),
        }
        job = Job(target=where.name, label=f"restoredrill-{where.name}", inputs=inputs)
        name = job.name(int(time.time()))
        settings = where.settings
        places = Discovered(
            wdl_bucket=settings.wdl_bucket, comms_bucket=settings.comms_bucket, machine_arn=where.machine_arn
        )
        given = execution_input(wanted, job, name, where, places)
        refuse([given], where, places)
        return given, name

    def ended(self, arn: str) -> Outcome | None:
        """How the run ended; None: not yet."""
        run = outcome(self.states.describe_execution(executionArn=arn))
        return run if run.ended else None

    def _stop(self, arn: str) -> None:
        try:
            self.states.stop_execution(executionArn=arn, cause="the restore drill was ended")
        except ClientError:
            return  # it has ended, or ends by itself: the copy is removed in any case
