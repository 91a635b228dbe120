"""What each role may do, in its own account's policy.

The job roles hold what the workflows do (list and read sources, write and delete outputs, read the database's secret)
and what swipe does around them: it fetches the WDL, pulls the task's image with the job's own credentials, and keeps
inputs, outputs and status files in the comms bucket. ECS starts a job with another role, which pulls the runner's image
and writes the log, so that the machine's own role can do nothing but serve ECS.
"""

from __future__ import annotations

from .. import names, orchestrator_names
from . import buckets
from .resources import PULL
from .statements import Condition, Statement


def job(*, registry_account: str, region: str, wdl_bucket: str, comms_bucket: str) -> tuple[Statement, ...]:
    """What every job needs, whatever it runs."""
    return (
        *buckets.fetch("Wdl", wdl_bucket),
        *buckets.keep("Comms", comms_bucket),
        _registry_login(),
        Statement(sid="Images", actions=PULL, resources=(names.registry_arn(registry_account, region),)),
        Statement(sid="Metrics", actions=("cloudwatch:PutMetricData",), resources=("*",)),
    )


def ingest(*, reads: tuple[str, ...], writes: tuple[str, ...]) -> tuple[Statement, ...]:
    """``reads`` and ``writes`` are bucket names; ``reads`` may be empty."""
    source = buckets.read("Source", *reads) if reads else ()
    return (*source, *buckets.write("Output", *writes))


def database_import(*, bucket: str, account: str, region: str, environment: str) -> tuple[Statement, ...]:
    secret = names.secret_arn(account, region, names.database_secret(environment))
    return (
        *buckets.read("Metadata", bucket),
        Statement(sid="DatabaseSecret", actions=("secretsmanager:GetSecretValue",), resources=(secret,)),
    )


def secret_of_pods(account: str, region: str, secret: str) -> Statement:
    """One secret; that it is described is how the driver learns of another value."""
    read = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
    return Statement(sid="Secret", actions=read, resources=(names.secret_arn(account, region, secret),))


def operator(
    *,
    account: str,
    region: str,
    readable: tuple[str, ...],
    environments: tuple[str, ...],
    orchestrated: tuple[str, ...] = (),
    workflows: tuple[str, ...] = (),
    retired: tuple[str, ...] = (),
) -> tuple[Statement, ...]:
    """The calls of the ingestion clients: find an environment's buckets and state machine, list data, start jobs.

    ``orchestrated``: environments whose jobs run in this account; their logs are read too. ``workflows``: buckets of
    WDL files, to see which there are before a job asks for one. ``retired``: environments in which nothing is started.
    """
    statements = [Statement(sid="FindBuckets", actions=("s3:ListAllMyBuckets",), resources=("*",))]
    if readable:
        statements += buckets.read("Data", *readable)
    if environments:
        machines = {name: names.state_machine_arn(account, region, name) for name in environments}
        open_ones = tuple(machine for name, machine in machines.items() if name not in retired)
        executions = tuple(names.execution_arn(account, region, name) for name in environments)
        find = ("states:DescribeStateMachine", "states:ListExecutions")
        follow = ("states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution")
        statements += (
            Statement(sid="Find", actions=find, resources=tuple(machines.values())),
            Statement(sid="Follow", actions=follow, resources=executions),
        )
        if open_ones:
            statements.append(Statement(sid="Submit", actions=("states:StartExecution",), resources=open_ones))
    if orchestrated:
        groups = [
            orchestrator_names.log_group_arn(account, region, orchestrator_names.job_log_group(name))
            for name in orchestrated
        ]
        logs = ("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents")
        resources = tuple(arn for group in groups for arn in (group, f"{group}:*"))
        statements += (
            Statement(sid="Logs", actions=logs, resources=resources),
            Statement(sid="Jobs", actions=("batch:DescribeJobs", "batch:ListJobs"), resources=("*",)),
        )
    if workflows:
        buckets_of_files = tuple(map(names.bucket_arn, workflows))
        statements.append(Statement(sid="Workflows", actions=("s3:ListBucket",), resources=buckets_of_files))
    return tuple(statements)


def job_starter(account: str, region: str, environment: str) -> tuple[Statement, ...]:
    """Pull the runner's image from any repository that lets it; write the jobs' log."""
    group = orchestrator_names.log_group_arn(account, region, orchestrator_names.job_log_group(environment))
    write = ("logs:CreateLogStream", "logs:PutLogEvents")
    return (
        _registry_login(),
        Statement(sid="Image", actions=PULL, resources=(names.registry_arn("*", region),)),
        Statement(sid="WriteLog", actions=write, resources=(f"{group}:log-stream:*",)),
    )


def host(account: str, region: str, environment: str) -> tuple[Statement, ...]:
    """The calls of the ECS agent on a machine of an environment's jobs, for this environment's clusters alone."""
    ecs = f"arn:aws:ecs:{region}:{account}"
    named = orchestrator_names.batch_clusters(environment)
    clusters = tuple(f"{ecs}:cluster/{one}" for one in named)
    within = Condition(operator="ArnLike", key="ecs:cluster", values=clusters)
    on_register = Condition(operator="StringEquals", key="ecs:CreateAction", values=("RegisterContainerInstance",))
    serve = (
        "ecs:DeregisterContainerInstance",
        "ecs:RegisterContainerInstance",
        "ecs:SubmitAttachmentStateChanges",
        "ecs:SubmitContainerStateChange",
        "ecs:SubmitTaskStateChange",
    )
    be_served = ("ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState")
    return (
        Statement(sid="ServeEcs", actions=serve, resources=clusters),
        Statement(sid="AskForTasks", actions=be_served, resources=("*",), conditions=(within,)),
        Statement(sid="FindEcs", actions=("ec2:DescribeTags", "ecs:DiscoverPollEndpoint"), resources=("*",)),
        Statement(
            sid="TagOnRegister",
            actions=("ecs:TagResource",),
            resources=tuple(f"{ecs}:container-instance/{one}/*" for one in named),
            conditions=(on_register,),
        ),
    )


def flow_log(account: str, region: str, network: str) -> Statement:
    """Streams and their events of the network's own log."""
    arn = orchestrator_names.log_group_arn(account, region, names.flow_log_group(network))
    write = ("logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return Statement(sid="WriteFlowLog", actions=write, resources=(arn, f"{arn}:*"))


def _registry_login() -> Statement:
    return Statement(sid="RegistryLogin", actions=("ecr:GetAuthorizationToken",), resources=("*",))
