"""Events of Batch on the account's default bus.

AWS facts: ``Batch Job State Change`` has the job as DescribeJobs gives it, at each change of status; ``Batch Job Queue
Blocked`` tells of a job at the head of its queue that cannot start.
"""

from __future__ import annotations

import logging

from localcloud.server.outbox import publish

from .details import job_detail
from .model import Job

LOG = logging.getLogger(__name__)
SOURCE = "aws.batch"


def job_changed(job: Job) -> None:
    """Called under Batch's lock, so that the event has the job as it was then. One that fails stops no job."""
    try:
        publish(job.account, job.region, SOURCE, "Batch Job State Change", job_detail(job), [job.arn])
    except Exception:
        LOG.exception("no event tells that job %s is %s", job.id, job.status)


def queue_blocked(job: Job) -> None:
    detail = {
        "jobArn": job.arn,
        "jobId": job.id,
        "jobName": job.name,
        "jobQueue": job.queue,
        "status": job.status,
        "statusReason": job.status_reason,
    }
    publish(job.account, job.region, SOURCE, "Batch Job Queue Blocked", detail, [job.arn])
