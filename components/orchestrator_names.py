"""Names of an environment's orchestrator, and the ARNs made from them: every one has the environment's name in it.

Two environments share an account, so no name here is fixed for the account. Queues, job definitions, log groups and the
rule are named by policies before they exist; readers know notification queues by name, the command line the jobs' log.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from . import names

Market = Literal["spot", "overflow", "on-demand"]
MARKETS: Final[tuple[Market, ...]] = get_args(Market)
"""How a compute environment gets its machines: its name has the word."""
STREAM_PREFIX: Final = "main"
"""Log streams of jobs begin with it; ECS adds the container's name and the task's id."""
MANAGED_RULE: Final = "StepFunctionsGetEventsForBatchJobsRule"
"""Step Functions' own rule in each account, by which it learns that a job has ended."""


def app(environment: str) -> str:
    """The prefix of every name: the clients know the state machine by it."""
    return f"{names.prefix()}-ingestion-{environment}"


def job_queue(environment: str, *, spot: bool) -> str:
    return f"{app(environment)}-main-{'spot' if spot else 'on_demand'}"


def compute_environment(environment: str, generation: str) -> str:
    return f"{app(environment)}-{generation}"


def batch_clusters(environment: str) -> tuple[str, ...]:
    """Match the names of the ECS clusters that Batch makes for an environment's compute environments: the market of
    each, eight digits and Batch's id. The lengths keep out another environment whose name begins with this one's."""
    digits = "-".join("?" * count for count in (8, 8, 4, 4, 4, 12))
    return tuple(f"AWSBatch-{app(environment)}-{market}-{digits}" for market in MARKETS)


def job_definition(environment: str, workflow: str = "") -> str:
    """``workflow``: how the files of workflows with a role of their own begin; empty: all others."""
    return f"{app(environment)}-main" + (f"-{workflow}" if workflow else "")


def notification_queue(environment: str, key: str) -> str:
    return f"{app(environment)}-{key}-sfn-notifications-queue"


def dead_letter_queue(environment: str, key: str) -> str:
    return f"{notification_queue(environment, key)}-dead-letter"


def status_rule(environment: str) -> str:
    """EventBridge's rule, which sends the notification queues every change of a run's status."""
    return f"{app(environment)}-sfn-state-change-rule"


def alarm_topic(environment: str) -> str:
    return f"{app(environment)}-alarms"


def machine_role(environment: str) -> str:
    return f"{app(environment)}-sfn-service"


def execution_role(environment: str) -> str:
    """With it ECS pulls the image and writes the log, before and beside the job."""
    return f"{app(environment)}-batch-execution"


def instance_role(environment: str) -> str:
    return f"{app(environment)}-batch-main-instance"


def host_security_group(environment: str) -> str:
    """In its ``Name`` tag; AWS makes up the group's own name."""
    return f"{app(environment)}-hosts"


def job_log_group(environment: str) -> str:
    return f"/aws/batch/{app(environment)}"


def machine_log_group(environment: str) -> str:
    """``vendedlogs``: Step Functions adds to the log resource policy of such groups as one, which has a size limit."""
    return f"/aws/vendedlogs/states/{app(environment)}"


def batch_arn(account: str, region: str, kind: str, name: str) -> str:
    """``kind``: job-queue, job-definition, job, compute-environment."""
    return f"arn:aws:batch:{region}:{account}:{kind}/{name}"


def queue_arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:sqs:{region}:{account}:{name}"


def queue_url(account: str, region: str, name: str) -> str:
    return f"https://sqs.{region}.amazonaws.com/{account}/{name}"


def topic_arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:sns:{region}:{account}:{name}"


def log_group_arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:logs:{region}:{account}:log-group:{name}"


def rule_arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:events:{region}:{account}:rule/{name}"
