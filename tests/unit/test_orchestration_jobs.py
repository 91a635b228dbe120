"""The job definition, notifications and image repositories of an environment."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from components.access.resources import resource_document
from components.orchestration import contract
from components.orchestration.images import ImageRepository, ImageRepositoryArgs, RepositoryPart
from components.orchestration.jobs import JobArgs, Jobs, JobsArgs
from components.orchestration.notifications import Notifications, NotificationsArgs, StatusQueues
from localcloud.runner.job import NEEDED, URIS
from tests.unit.recording import Recording, Registered, record

ACCOUNT, REGION = "908710317728", "us-west-2"
JOB_ROLE = f"arn:aws:iam::{ACCOUNT}:role/cryoet-ingestion-dev-ingest"
IMAGE = "ghcr.io/chanzuckerberg/swipe:v1.4.9"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/cryoet-boundary"


def job_args(**given: Any) -> JobArgs:
    found: dict[str, Any] = {"image": IMAGE, "role_arn": JOB_ROLE, **given}
    return JobArgs(**found)


def jobs(scratch_gb: int = 75, **given: Any) -> Recording:
    def program() -> None:
        args = JobsArgs(
            environment="dev",
            account=ACCOUNT,
            region=REGION,
            boundary=BOUNDARY,
            job=job_args(**given),
            scratch_gb=scratch_gb,
            workspaces=("cryoet-swipe-comms-dev", "shared/dev"),
        )
        Jobs("dev", args)

    return record(program)


def container(**given: Any) -> dict[str, Any]:
    return jobs(**given).one("dev-job").json("containerProperties")


def test_jobs_run_the_image_with_their_own_role() -> None:
    found = container()
    assert (found["image"], found["jobRoleArn"]) == (IMAGE, JOB_ROLE)
    assert found["executionRoleArn"] == "arn:aws:mock:::dev-execution"
    assert (found["privileged"], found["readonlyRootFilesystem"]) == (False, False)


def test_some_workflows_jobs_have_a_role_of_their_own() -> None:
    graph = jobs(roles={"db_import": "arn:aws:iam::908710317728:role/cryoet-ingestion-dev-import"})
    made = {one.inputs["name"]: one.json("containerProperties")["jobRoleArn"] for one in graph.of("JobDefinition")}
    assert made == {
        "cryoet-ingestion-dev-main": JOB_ROLE,
        "cryoet-ingestion-dev-main-db_import": "arn:aws:iam::908710317728:role/cryoet-ingestion-dev-import",
    }


def test_paths_of_the_job_are_paths_of_the_host() -> None:
    found = container()
    hosts = {one["name"]: one["host"]["sourcePath"] for one in found["volumes"]}
    inside = {one["sourceVolume"]: one["containerPath"] for one in found["mountPoints"]}
    assert hosts == inside == {"scratch": "/mnt", "docker": "/var/run/docker.sock"}
    assert found["ulimits"] == [{"name": "nofile", "softLimit": 100_000, "hardLimit": 100_000}]


def test_the_log_is_the_environments_own() -> None:
    graph = jobs(log_days=30)
    options = graph.one("dev-job").json("containerProperties")["logConfiguration"]["options"]
    group = graph.one("dev-jobs")
    assert options["awslogs-group"] == group.inputs["name"] == "/aws/batch/cryoet-ingestion-dev"
    assert group.inputs["retentionInDays"] == 30


def told(**given: Any) -> dict[str, str]:
    """Variables of the definition, by name."""
    return {one["name"]: one["value"] for one in container(**given)["environment"]}


def test_every_job_knows_what_the_images_entry_point_reads() -> None:
    """All of swipe's static environment but what each submit sets; its cache of downloads cannot fill the disk."""
    assert told() == {
        "APP_NAME": "cryoet-ingestion-dev",
        "AWS_DEFAULT_REGION": REGION,
        "DOWNLOAD_CACHE_MAX_GB": "18",
        "MINIWDL_DIR": "/mnt",
        "MINIWDL__DOCKER_SWARM__ALLOW_NETWORKS": "[]",
        "MINIWDL__DOWNLOAD_CACHE__DIR": "/mnt/download_cache",
        "MINIWDL__DOWNLOAD_CACHE__DISABLE_PATTERNS": '["s3://cryoet-swipe-comms-dev/*", "s3://shared/dev/*"]',
        "MINIWDL__DOWNLOAD_CACHE__GET": "true",
        "MINIWDL__DOWNLOAD_CACHE__PUT": "true",
        "MINIWDL__S3PARCP__DIR": "/mnt",
        "MINIWDL__S3PARCP__DOCKER_IMAGE": IMAGE,
    }


def test_the_definition_and_the_submit_set_all_that_a_job_must_have() -> None:
    """As the stand-in for the image checks it."""
    submitted = contract.environment("Run")
    assert set(NEEDED) | set(URIS) <= set(told()) | set(submitted)
    assert not set(told()) & set(submitted), "a submit would replace it"


@pytest.mark.parametrize(("scratch_gb", "cached"), [(30, "7"), (3, "1"), (3_600, "900")])
def test_downloads_keep_a_part_of_the_disk(scratch_gb: int, cached: str) -> None:
    assert told(scratch_gb=scratch_gb)["DOWNLOAD_CACHE_MAX_GB"] == cached


def test_further_variables_reach_the_tasks_too() -> None:
    found = told(variables={"MY_KEY": "y", "A_KEY": "x"})
    assert (found["MY_KEY"], found["A_KEY"]) == ("y", "x")
    assert found["WDL_PASSTHRU_ENVVARS"] == "A_KEY MY_KEY"


@pytest.mark.parametrize(
    ("given", "more"),
    [
        (
            {"call_cache": True},
            {
                "MINIWDL__CALL_CACHE__BACKEND": "s3_progressive_upload_call_cache_backend",
                "MINIWDL__CALL_CACHE__GET": "true",
                "MINIWDL__CALL_CACHE__PUT": "true",
            },
        ),
        ({"status_files": True}, {"OUTPUT_STATUS_JSON_FILES": "true"}),
    ],
)
def test_what_is_asked_for_is_told_to_the_runner_alone(given: dict[str, Any], more: dict[str, str]) -> None:
    """And not passed on to tasks."""
    assert told(**given) == told() | more


@pytest.mark.parametrize("name", ["MINIWDL__S3PARCP__DIR", "DOWNLOAD_CACHE_MAX_GB"])
def test_variables_can_replace_what_is_not_the_orchestrators_own(name: str) -> None:
    assert told(variables={name: "7"})[name] == "7"


@pytest.mark.parametrize(
    ("reason", "again"),
    [
        ("DockerTimeoutError: Could not start", True),
        ("CannotInspectContainerError: x", True),
        ("CannotCreateContainerError: x", True),
        ("CannotPullContainerError: Error response from daemon: toomanyrequests: Rate exceeded", True),
        ("CannotStartContainerError: no such program", False),
        ("OutOfMemoryError: Container killed due to memory usage", False),
        ("", False),
    ],
)
def test_only_troubles_of_docker_and_registries_start_a_job_again(reason: str, again: bool) -> None:
    """By the first entry that fits, as Batch does; it takes five."""
    definition = jobs(timeout_seconds=3_600).one("dev-job").inputs
    assert definition["timeout"] == {"attemptDurationSeconds": 3_600}
    entries = definition["retryStrategy"]["evaluateOnExits"]
    fitting = (one for one in entries if "onReason" not in one or fnmatchcase(reason, one["onReason"]))
    assert next(fitting)["action"] == ("RETRY" if again else "EXIT")
    assert entries[-2:] == [{"action": "EXIT", "onStatusReason": "*"}, {"action": "EXIT", "onExitCode": "*"}]
    assert len(entries) <= 5
    assert definition["retryStrategy"]["attempts"] > 1


def test_ecs_starts_jobs_with_a_role_that_pulls_and_logs_alone() -> None:
    graph = jobs()
    role = graph.one("dev-execution", "iam/role:Role")
    [trust] = role.json("assumeRolePolicy")["Statement"]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert "Condition" not in trust, "ECS documents none for this role"
    grants = {one["Sid"]: one for one in graph.one("dev-execution-policy").json("policy")["Statement"]}
    assert set(grants) == {"RegistryLogin", "Image", "WriteLog"}
    assert grants["Image"]["Resource"] == f"arn:aws:ecr:{REGION}:*:repository/*"
    stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/batch/cryoet-ingestion-dev:log-stream:*"
    assert grants["WriteLog"]["Resource"] == stream


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"image": ""}, "image"),
        ({"timeout_seconds": 59}, "timeout_seconds"),
        ({"variables": {"APP_NAME": "x"}}, "variables.APP_NAME"),
        ({"variables": {"X": ""}}, "variables.X"),
    ],
)
def test_what_a_job_cannot_be_is_named(given: dict[str, Any], field: str) -> None:
    assert [where for where, _, _ in job_args(**given).faults()] == [field]
    assert list(job_args().faults()) == []


def notifications(environment: str = "dev", **given: Any) -> Recording:
    def program() -> None:
        found: dict[str, Any] = {"queues": ("portal",), **given}
        queues = StatusQueues(**found)
        args = NotificationsArgs(environment=environment, account=ACCOUNT, region=REGION, status_queues=queues)
        Notifications(environment, args)

    return record(program)


QUEUE = "cryoet-ingestion-dev-portal-sfn-notifications-queue"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/cryoet-ingestion-dev-sfn-state-change-rule"


def test_status_changes_of_its_own_machine_go_to_each_queue() -> None:
    graph = notifications(queues=("portal", "other"))
    pattern = graph.one("dev-status").json("eventPattern")
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:cryoet-ingestion-dev-default-wdl"
    assert pattern["detail"] == {"stateMachineArn": [machine]}
    targets = graph.of("cloudwatch/eventTarget:EventTarget")
    assert {(one.inputs["arn"], one.inputs["deadLetterConfig"]["arn"]) for one in targets} == {
        ("arn:aws:mock:::dev-portal", "arn:aws:mock:::dev-portal-dead-letter"),
        ("arn:aws:mock:::dev-other", "arn:aws:mock:::dev-other-dead-letter"),
    }


def test_queues_are_encrypted_and_what_is_not_dealt_with_is_kept() -> None:
    graph = notifications(max_receive_count=5, visibility_timeout_seconds=60)
    queue, dead = graph.one("dev-portal", "Queue"), graph.one("dev-portal-dead-letter", "Queue")
    assert (queue.inputs["name"], dead.inputs["name"]) == (QUEUE, f"{QUEUE}-dead-letter")
    assert queue.inputs["sqsManagedSseEnabled"] is dead.inputs["sqsManagedSseEnabled"] is True
    assert queue.json("redrivePolicy") == {
        "deadLetterTargetArn": "arn:aws:mock:::dev-portal-dead-letter",
        "maxReceiveCount": 5,
    }
    assert queue.inputs["visibilityTimeoutSeconds"] == 60
    assert "redrivePolicy" not in dead.inputs


@pytest.mark.parametrize("name", ["dev-portal", "dev-portal-dead-letter"])
def test_only_the_rule_may_send_and_nobody_without_tls(name: str) -> None:
    allowed, denied = notifications().one(name, "QueuePolicy").json("policy")["Statement"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": RULE}}
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allowed["Resource"] == denied["Resource"]


def test_lost_messages_raise_an_alarm() -> None:
    graph = notifications()
    [alarm] = graph.of("cloudwatch/metricAlarm:MetricAlarm")
    assert alarm.inputs["dimensions"] == {"QueueName": f"{QUEUE}-dead-letter"}
    assert (alarm.inputs["threshold"], alarm.inputs["comparisonOperator"]) == (0, "GreaterThanThreshold")
    assert alarm.inputs["alarmActions"] == ["arn:aws:mock:::dev-alarms"]
    allowed, _ = graph.one("dev-alarms", "TopicPolicy").json("policy")["Statement"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_without_queues_nobody_is_told() -> None:
    graph = notifications(queues=())
    assert not graph.of("sqs/queue:Queue")
    assert not graph.of("cloudwatch/eventTarget:EventTarget")


def test_two_environments_share_no_name() -> None:
    named = [
        {one.inputs[key] for one in notifications(environment).resources for key in ("name",) if key in one.inputs}
        for environment in ("dev", "staging")
    ]
    assert named[0]
    assert not named[0] & named[1]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"queues": tuple("abcdef")}, "queues"),
        ({"queues": ("a", "a")}, "queues[1]"),
        ({"queues": ("A b",)}, "queues[0]"),
        ({"queues": ("a" * 40,)}, "queues[0]"),
        ({"visibility_timeout_seconds": 43_201}, "visibility_timeout_seconds"),
        ({"max_receive_count": 0}, "max_receive_count"),
    ],
)
def test_notifications_that_cannot_be_are_named(given: dict[str, Any], field: str) -> None:
    assert [where for where, _, _ in StatusQueues(**given).faults("dev")] == [field]
    assert list(StatusQueues(queues=("portal",)).faults("dev")) == []


def repository(**given: Any) -> Recording:
    found: dict[str, Any] = {"repository": "cryoet-staging", **given}
    args = ImageRepositoryArgs(**found)
    return record(lambda: ImageRepository("images", args))


def test_tags_move_where_clients_need_it_and_images_that_lost_theirs_go() -> None:
    graph = repository(untagged_days=3, moving_tags=True)
    found = graph.one("images", "ecr/repository:Repository")
    assert (found.inputs["imageTagMutability"], found.protect, found.retain) == ("MUTABLE", True, False)
    [rule] = graph.one("images", "LifecyclePolicy").json("policy")["rules"]
    assert rule["selection"]["countNumber"] == 3
    assert rule["selection"]["tagStatus"] == "untagged"


def test_tags_stay_where_nobody_needs_them_to_move() -> None:
    assert repository().one("images", "ecr/repository:Repository").inputs["imageTagMutability"] == "IMMUTABLE"


def test_a_retired_repository_is_let_go_of() -> None:
    found = repository(retire=True).one("images", "ecr/repository:Repository")
    assert (found.protect, found.retain) == (False, True)


def own(graph: Recording) -> dict[str, Registered]:
    """The parts of a repository by the last word of their types."""
    return {one.type.rpartition(":")[2]: one for one in graph.resources if one.type.startswith("aws:")}


def test_an_adopted_repository_is_imported_with_the_parts_that_it_has_and_nothing_of_it_changes() -> None:
    readers = ("111122223333",)
    adopted = own(repository(adopt=frozenset({"lifecycle", "policy"}), readers=readers))
    assert {name: one.import_id for name, one in adopted.items()} == dict.fromkeys(
        ("Repository", "LifecyclePolicy", "RepositoryPolicy"), "cryoet-staging"
    )
    assert adopted["Repository"].protect
    for one in adopted.values():
        assert {*one.inputs} - {"name", "repository"} <= {*one.ignore_changes}, one.type
    assert own(repository(adopt=frozenset[RepositoryPart](), readers=readers)).keys() == {"Repository"}
    new = own(repository(readers=readers))
    assert {(one.import_id, one.ignore_changes) for one in new.values()} == {("", ())}
    assert new.keys() == adopted.keys()


def test_a_repository_is_not_adopted_and_retired() -> None:
    with pytest.raises(ValueError, match="ImageRepository 'images': adopt: True: is taken in or retired"):
        repository(adopt=frozenset[RepositoryPart](), retire=True)


def test_other_accounts_jobs_pull_and_nobody_else_there() -> None:
    [statement] = repository(readers=("111122223333",)).one("images", "RepositoryPolicy").json("policy")["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    jobs = ("cryoet-ingestion-*-ingest", "cryoet-ingestion-*-import", "cryoet-sync-*")
    starters = "cryoet/delegated/cryoet-ingestion-*-batch-execution"
    roles = [f"arn:aws:iam::111122223333:role/{name}" for name in (*jobs, starters)]
    assert statement["Condition"] == {"ArnLike": {"aws:PrincipalArn": roles}}
    assert "Resource" not in statement
    assert all(action.startswith(("ecr:Batch", "ecr:Get")) for action in statement["Action"])


def test_without_readers_there_is_no_policy() -> None:
    assert not repository().of("ecr/repositoryPolicy:RepositoryPolicy")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"repository": "Cryoet"}, "repository: 'Cryoet': 2 to 256 lower-case letters"),
        ({"repository": "a"}, "repository: 'a'"),
        ({"readers": ("prod",)}, "readers: 'prod': an account id is 12 digits"),
        ({"untagged_days": 0}, "untagged_days: 0: 1 to 3650"),
    ],
)
def test_a_repository_that_cannot_be_is_refused(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=f"^ImageRepository 'images': {fault}"):
        repository(**given)


def test_a_resources_policy_names_principals() -> None:
    from components.access.statements import Statement

    with pytest.raises(ValueError, match="must have principals"):
        resource_document((Statement(sid="A", actions=("sqs:SendMessage",)),))


def test_documents_are_json() -> None:
    assert json.loads(resource_document(())) == {"Version": "2012-10-17", "Statement": []}
