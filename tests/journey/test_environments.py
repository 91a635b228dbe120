"""Environments side by side: dev and staging in one account, prod in its own, each found by the portal's client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from textwrap import dedent
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from components import names, orchestrator_names
from localcloud.server import service_calls
from localcloud.server.sessions import SESSIONS
from portal.pulumi_cli import ROOT
from tests.journey.conftest import DEV, INGEST, PROD, Cloud, Project, jobs_alone
from tests.journey.light_runs import PATIENCE_SECONDS, STATUSES, Fleet, light_runner
from tests.localcloud.batch_steps import until
from tests.localcloud.conftest import REGION

ACCOUNTS = {"dev": DEV, "staging": DEV, "prod": PROD}
NEIGHBOURS = {"dev": "staging", "staging": "dev"}
REFUSED = {"AccessDenied", "AccessDeniedException", "403"}
WORKFLOW = "sync-v0.0.2.wdl"
WORKFLOWS = (INGEST, WORKFLOW)
JOBS, MACHINES = "ecs-tasks.amazonaws.com", "ec2.amazonaws.com"
TASK = f"arn:aws:ecs:{REGION}:{DEV}:task/cluster/0"


@pytest.fixture(scope="module", autouse=True)
def standing(module_project: Project) -> Iterator[None]:
    """Dev and prod up; in both of dev's environments somebody listens."""

    def listen(settings: dict[str, Any]) -> None:
        settings["environments"]["dev"]["orchestrator"]["notifications"] = {"queues": ["portal"]}

    module_project.keep_workflows(*WORKFLOWS)
    module_project.change("dev", listen)
    module_project.change("prod", jobs_alone)
    for stack in ("dev", "prod"):
        module_project.up(stack)
    with light_runner():
        yield


@pytest.mark.parametrize("environment", ACCOUNTS)
def test_the_portals_client_finds_and_starts_it(cloud: Cloud, environment: str) -> None:
    """With the operator's credentials alone. Substrings find no second bucket, so that the last match is the only."""
    account = ACCOUNTS[environment]
    fleet = Fleet(cloud, environment, account)
    found = fleet.found()
    assert found.wdl_bucket == f"cryoet-swipe-wdl-{environment}"
    assert found.comms_bucket == f"cryoet-swipe-comms-{environment}"
    assert found.state_machine.split(":")[4] == account
    everything = [bucket["Name"] for bucket in fleet.operator("s3").list_buckets()["Buckets"]]
    for kind in ("swipe-wdl", "swipe-comms"):
        assert sum(kind in name and environment in name for name in everything) == 1
    [ended] = fleet.ends(fleet.start({fleet.name("found"): {}})).values()
    assert (ended["status"], ended["stateMachineArn"]) == ("SUCCEEDED", found.state_machine), ended
    told = json.loads(ended["output"])
    assert told["Result"]["light.marker"].startswith(f"s3://{found.comms_bucket}/swipe/swipe-job-output/")


def test_what_is_not_there_is_not_found(cloud: Cloud) -> None:
    for environment, account in (("prod", DEV), ("dev", PROD), ("staging", PROD)):
        with pytest.raises(RuntimeError, match="is not set up"):
            Fleet(cloud, environment, account).found()


Listing = dict[str, list[Any]]


def listing(cloud: Cloud, environment: str) -> Listing:
    """All that runs leave in an environment: executions, jobs, objects, messages, log events."""
    fleet, sqs, logs = Fleet(cloud, environment), cloud.client("sqs"), cloud.client("logs")
    machine = names.state_machine_arn(DEV, REGION, environment)
    executions = cloud.client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=machine)
    found: Listing = {
        "executions": [one["executionArn"] for page in executions for one in page["executions"]],
        "jobs": [],
        "objects": [],
        "messages": [],
        "logs": [],
    }
    for queue in (fleet.spot, fleet.on_demand):
        for status in STATUSES:
            jobs = fleet.batch.list_jobs(jobQueue=queue, jobStatus=status)["jobSummaryList"]
            found["jobs"] += [(queue, job["jobId"], status) for job in jobs]
    for bucket in (f"cryoet-swipe-wdl-{environment}", f"cryoet-swipe-comms-{environment}"):
        for page in fleet.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            kept = page.get("Versions", []) + page.get("DeleteMarkers", [])
            found["objects"] += [(bucket, one["Key"], one["VersionId"]) for one in kept]
    for url in sqs.list_queues(QueueNamePrefix=orchestrator_names.app(environment)).get("QueueUrls", []):
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
        found["messages"] += [url] * sum(map(int, held.values()))
    for group in (orchestrator_names.job_log_group(environment), orchestrator_names.machine_log_group(environment)):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        found["logs"] += [(group, one["eventId"]) for page in pages for one in page["events"]]
    return {kind: sorted(items) for kind, items in found.items()}


@pytest.mark.parametrize("environment", NEIGHBOURS)
def test_a_run_leaves_nothing_in_the_neighbour(cloud: Cloud, environment: str) -> None:
    """One run that ends well and one that fails; their ends have reached whoever listens before it is looked."""
    own, before = listing(cloud, environment), listing(cloud, NEIGHBOURS[environment])
    assert before["objects"], "there are at least its workflows"
    fleet = Fleet(cloud, environment)
    runs = fleet.start({fleet.name("alone"): {}, fleet.name("alone-failed"): {"fails": True}})
    ended = fleet.ends(runs)
    assert sorted(one["status"] for one in ended.values()) == ["FAILED", "SUCCEEDED"]

    def grown() -> Listing | None:
        """For each execution its start and end, and what the state machine itself says of each stage."""
        found = listing(cloud, environment)
        more = {kind: len(found[kind]) - len(own[kind]) for kind in found}
        return found if more["messages"] == 3 * len(runs) and more["logs"] else None

    after = until(grown, PATIENCE_SECONDS)
    assert [len(after[kind]) - len(own[kind]) for kind in ("executions", "jobs")] == [2, 2]
    assert len(after["objects"]) > len(own["objects"])
    assert listing(cloud, NEIGHBOURS[environment]) == before


def everything_named(cloud: Cloud) -> dict[str, list[str]]:
    """Names of all that the dev account has of the kinds that environments are made of."""
    iam, batch, ec2 = cloud.client("iam"), cloud.client("batch"), cloud.client("ec2")
    pages = iam.get_paginator("list_roles").paginate()
    environments = batch.describe_compute_environments()["computeEnvironments"]
    definitions = batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    templates = ec2.describe_launch_templates()["LaunchTemplates"]
    machines = cloud.client("stepfunctions").list_state_machines()["stateMachines"]
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    return {
        "roles": [role["RoleName"] for page in pages for role in page["Roles"]],
        "compute environments": [one["computeEnvironmentName"] for one in environments],
        "job queues": [one["jobQueueName"] for one in batch.describe_job_queues()["jobQueues"]],
        "job definitions": [one["jobDefinitionName"] for one in definitions],
        "launch templates": [one["LaunchTemplateName"] for one in templates],
        "state machines": [one["name"] for one in machines],
        "log groups": [one["logGroupName"] for one in groups],
        "rules": [one["Name"] for one in cloud.client("events").list_rules()["Rules"]],
        "topics": [one["TopicArn"].rpartition(":")[2] for one in cloud.client("sns").list_topics()["Topics"]],
        "queues": [url.rpartition("/")[2] for url in cloud.client("sqs").list_queues()["QueueUrls"]],
        "buckets": [one["Name"] for one in cloud.client("s3").list_buckets()["Buckets"] if "swipe" in one["Name"]],
    }


def test_names_say_whose_things_are(cloud: Cloud) -> None:
    """Every kind of thing is there once for each environment, under a name that says which, and no other's."""
    for kind, found in everything_named(cloud).items():
        own = {one: [name for name in found if one in name.split("/")[-1].split("-")] for one in NEIGHBOURS}
        assert all(own.values()), (kind, found)
        assert not set(own["dev"]) & set(own["staging"]), kind
        prefixed = {name for name in found if "cryoet-ingestion-" in name or "swipe" in name}
        assert prefixed <= {*own["dev"], *own["staging"]}, kind


def test_rules_listen_to_their_own_state_machine(cloud: Cloud) -> None:
    events = cloud.client("events")
    rules = {rule["Name"]: rule for rule in events.list_rules()["Rules"]}
    heard: dict[str, list[str]] = {}
    for name, rule in rules.items():
        pattern = json.loads(rule.get("EventPattern", "{}"))
        machines = pattern.get("detail", {}).get("stateMachineArn", [])
        targets = [target["Arn"] for target in events.list_targets_by_rule(Rule=name)["Targets"]]
        for machine in machines:
            heard[machine] = targets
    assert set(heard) == {names.state_machine_arn(DEV, REGION, environment) for environment in NEIGHBOURS}
    for machine, targets in heard.items():
        assert targets
        assert all(machine.split("-")[-3] in target for target in targets), (machine, targets)


def acting(cloud: Cloud, role: str, principal: str, source: str = "") -> Callable[[str], Any]:
    """Clients with a role's credentials, as the service gets them that works with it."""
    arn = cloud.client("iam").get_role(RoleName=role)["Role"]["Arn"]
    key = service_calls.as_role(arn, principal, "test", source_arn=source, region=REGION).access_key_id
    session = boto3.Session(key, SESSIONS[key].secret, SESSIONS[key].token, region_name=REGION)
    return lambda service: cloud.client_of(session, service)


def calls_upon(environment: str, client: Callable[[str], Any]) -> Mapping[str, Callable[[], Any]]:
    """What a role could do to an environment, by what it is."""
    comms, wdl = f"cryoet-swipe-comms-{environment}", f"cryoet-swipe-wdl-{environment}"
    place = {"Bucket": comms, "Key": "swipe/swipe-job-output/x"}
    url = orchestrator_names.queue_url(DEV, REGION, orchestrator_names.notification_queue(environment, "portal"))
    job = {"jobName": "x", "jobDefinition": orchestrator_names.job_definition(environment)}
    log = {"logGroupName": orchestrator_names.job_log_group(environment), "logStreamName": "main/x"}
    s3, sqs, batch, states = (client(service) for service in ("s3", "sqs", "batch", "stepfunctions"))
    return {
        "read results": lambda: s3.get_object(**place),
        "write results": lambda: s3.put_object(**place, Body=b""),
        "remove results": lambda: s3.delete_object(**place),
        "list results": lambda: s3.list_objects_v2(Bucket=comms),
        "read workflows": lambda: s3.get_object(Bucket=wdl, Key=WORKFLOW),
        "replace workflows": lambda: s3.put_object(Bucket=wdl, Key=WORKFLOW, Body=b""),
        "send messages": lambda: sqs.send_message(QueueUrl=url, MessageBody="x"),
        "take messages": lambda: sqs.receive_message(QueueUrl=url),
        "submit jobs": lambda: batch.submit_job(**job, jobQueue=orchestrator_names.job_queue(environment, spot=True)),
        "start runs": lambda: states.start_execution(
            stateMachineArn=names.state_machine_arn(DEV, REGION, environment), input="{}"
        ),
        "write logs": lambda: client("logs").create_log_stream(**log),
    }


ROLES = {
    "ingests": lambda environment: (names.ingest_role(environment), JOBS, TASK),
    "imports": lambda environment: (names.import_role(environment), JOBS, TASK),
    "releases": lambda _: (names.sync_role("public"), JOBS, TASK),
    "the start of jobs": lambda environment: (orchestrator_names.execution_role(environment), JOBS, ""),
    "hosts": lambda environment: (orchestrator_names.instance_role(environment), MACHINES, ""),
    "the state machine": lambda environment: (
        orchestrator_names.machine_role(environment),
        "states.amazonaws.com",
        names.state_machine_arn(DEV, REGION, environment),
    ),
}


@pytest.mark.parametrize(
    ("role", "environment"),
    [(role, one) for role in ROLES for one in NEIGHBOURS if (role, one) != ("releases", "dev")],
)
def test_roles_of_one_environment_are_refused_by_the_other(cloud: Cloud, role: str, environment: str) -> None:
    client = acting(cloud, *ROLES[role](environment))
    for what, call in calls_upon(NEIGHBOURS[environment], client).items():
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response.get("Error", {}).get("Code") in REFUSED, (what, caught.value)


def test_roles_do_their_own_environments_work(cloud: Cloud) -> None:
    """The refusals above are not for want of any rights."""
    for environment in NEIGHBOURS:
        jobs = calls_upon(environment, acting(cloud, *ROLES["ingests"](environment)))
        jobs["list results"]()
        jobs["read workflows"]()
        machine = calls_upon(environment, acting(cloud, *ROLES["the state machine"](environment)))
        machine["send messages"]()


def documented() -> dict[str, Any]:
    """The environment that the guide adds."""
    text = (ROOT / "docs" / "how-to" / "environments.md").read_text()
    block = text.partition("```yaml\n")[2].partition("```")[0]
    return yaml.safe_load(dedent(block))["environments"]


def test_an_environment_comes_and_goes_as_the_guide_says(module_project: Project, cloud: Cloud, tmp_path: Path) -> None:
    """A run is in it while it is to be removed: by plain `pulumi` without the first step, by `portal up` after it."""
    project, until_then = module_project, tmp_path / "end"
    lost = f"the environment qa loses cryoet-swipe-wdl-qa with {len(WORKFLOWS)} objects"

    def up() -> CompletedProcess[str]:
        variables = {"PORTAL_PROJECT": str(project.folder)}
        return project.run("portal", "up", "--yes", "--skip-preview", "dev", env=variables)

    def removed(settings: dict[str, Any]) -> None:
        del settings["environments"]["qa"]

    project.change("dev", lambda settings: settings["environments"].update(documented()))
    bootstrapped = project.run("portal", "bootstrap", "dev", "--yes", env={"PORTAL_PROJECT": str(project.folder)})
    assert bootstrapped.returncode == 0, bootstrapped.stderr
    added = up()
    assert added.returncode == 0, added.stderr
    fleet = Fleet(cloud, "qa")
    states, run = fleet.operator("stepfunctions"), fleet.name("stays")
    started = fleet.start({run: {"holds": ["RunSPOT"], "until": str(until_then)}})
    file = project.folder / "Pulumi.dev.yaml"
    with_it = file.read_text()

    project.change("dev", removed)
    plain = project.refused("dev", "preview")
    assert plain.returncode != 0
    assert (
        "portal:settings.environments.qa: the environment is deployed; set retire: true" in plain.stdout + plain.stderr
    )

    file.write_text(with_it)
    project.change("dev", lambda settings: settings["environments"]["qa"].update(retire=True))
    retired = up()
    assert retired.returncode == 0, retired.stderr
    with pytest.raises(ClientError, match="AccessDenied"):
        states.start_execution(stateMachineArn=fleet.found().state_machine, input="{}")
    assert states.describe_execution(executionArn=started[run])["status"] == "RUNNING"

    project.change("dev", removed)
    busy = up()
    assert busy.returncode == 1
    assert f"portal:settings.environments.qa: {lost}" in busy.stderr
    assert "and has 1 running execution: " in busy.stderr
    until_then.touch()
    [ended] = fleet.ends(started).values()
    assert ended["status"] == "SUCCEEDED", "what runs in a retired environment goes on"
    gone = up()
    assert gone.returncode == 0, gone.stderr
    assert f"{lost}, cryoet-swipe-comms-qa with " in gone.stdout
    for kind, found in everything_named(cloud).items():
        assert not [name for name in found if "qa" in name.split("/")[-1].split("-")], kind
