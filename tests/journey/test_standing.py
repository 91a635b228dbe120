"""What stands once all stacks are up: nothing left to do, everything in its own account, no secret in the clear."""

from __future__ import annotations

import itertools
import json

from tests.journey.conftest import DEV, PROD, PUBLIC, STACKS, Cloud, Project, outputs
from tests.journey.forks import forks


def test_nothing_changes_once_it_is_up(standing: Project) -> None:
    """By processes of each of the two orders of sets."""
    before = {stack: (standing.folder / f"Pulumi.{stack}.yaml").read_text() for stack in STACKS}
    for stack, server in itertools.product(STACKS, forks().servers):
        env = dict.fromkeys(forks().variables, server)
        standing.pulumi(stack, "up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes", env=env)
    assert before == {stack: (standing.folder / f"Pulumi.{stack}.yaml").read_text() for stack in STACKS}


def test_every_resource_is_in_its_own_account(standing: Project, cloud: Cloud) -> None:
    for stack, account in STACKS.items():
        for resource in standing.state(stack):
            assert resource["provider"].split("::")[-2] == "account", resource["urn"]
            arn = resource["outputs"].get("arn", "")
            assert f":{account}:" in arn or not arn or arn.startswith("arn:aws:s3:::"), resource["urn"]
        buckets = {row["Name"] for row in cloud.client("s3", account).list_buckets()["Buckets"]}
        held = {one["id"] for one in standing.state(stack) if one["type"] == "aws:s3/bucket:Bucket"}
        assert held == buckets


def test_orchestrators_are_ready(standing: Project, cloud: Cloud) -> None:
    for stack, environments in (("dev", {"dev", "staging"}), ("prod", {"prod"})):
        found, account = outputs(standing, stack), STACKS[stack]
        assert set(found) == environments
        states, batch = cloud.client("stepfunctions", account), cloud.client("batch", account)
        for environment, one in found.items():
            arn = f"arn:aws:states:us-west-2:{account}:stateMachine:cryoet-ingestion-{environment}-default-wdl"
            assert one["state_machine"] == arn
            assert states.describe_state_machine(stateMachineArn=arn)["status"] == "ACTIVE"
            queues = batch.describe_job_queues(jobQueues=[one["spot_queue"], one["on_demand_queue"]])["jobQueues"]
            assert {(queue["state"], queue["status"]) for queue in queues} == {("ENABLED", "VALID")}


def test_the_status_shows_the_machines_with_their_image_and_age(standing: Project) -> None:
    done = standing.run("portal", "status", env={"COLUMNS": "200"})
    assert done.returncode == 0, done.stderr
    found = outputs(standing, "dev")["staging"]
    image = "newest ECS_AL2023 of 0 days ago, "
    assert all(f"machines of staging {one}: {image}" in done.stdout for one in found["generations"]), done.stdout
    assert "database of staging: cryoet-staging, version 17.10, at 127." in done.stdout
    stand_in = "Aurora PostgreSQL (Compatible with PostgreSQL 17.10; here PostgreSQL 17.10 stands in for it)"
    assert f", secret staging/v2_db_uri; {stand_in}" in done.stdout


def test_every_taggable_resource_carries_its_stack(standing: Project) -> None:
    for stack in STACKS:
        tagged = [one for one in standing.state(stack) if "tagsAll" in one["outputs"]]
        assert tagged
        for resource in tagged:
            assert resource["outputs"]["tagsAll"].items() >= {"stack": stack, "managed-by": "pulumi"}.items()


def test_the_state_holds_no_keys(standing: Project, cloud: Cloud) -> None:
    for stack in STACKS:
        text = json.dumps(json.loads(standing.pulumi(stack, "stack", "export", "--show-secrets"))["deployment"])
        assert cloud.credentials.secret_access_key not in text
        assert cloud.credentials.access_key_id not in text


SECRET = "4dabf18193072939515e22adb298388d"
"""The engine's mark of an encrypted value."""


def test_only_passwords_are_secrets_of_the_state_and_none_is_in_the_clear(standing: Project, cloud: Cloud) -> None:
    accounts = {"dev": (DEV, ("dev", "staging")), "prod": (PROD, ("prod",)), "public": (PUBLIC, ())}
    for stack, (account, environments) in accounts.items():
        text = standing.pulumi(stack, "stack", "export")
        sent = {
            key
            for one in json.loads(text)["deployment"]["resources"]
            for part in ("inputs", "outputs")
            for key, value in (one.get(part) or {}).items()
            if SECRET in json.dumps(value)
        }
        assert sent == ({"masterPasswordWo", "secretStringWo"} if environments else set())
        for environment in environments:
            secrets = cloud.client("secretsmanager", account)
            password = secrets.get_secret_value(SecretId=f"{environment}/v2_db_password")["SecretString"]
            assert password not in text
            assert password in secrets.get_secret_value(SecretId=f"{environment}/v2_db_uri")["SecretString"]


def test_the_sdks_debug_messages_come_when_asked_for(standing: Project) -> None:
    message = "resource registration prepared: ty=portal:storage:DataBucket, name=log"
    assert message not in standing.pulumi("public", "preview", "--debug")
    assert message in standing.pulumi("public", "preview", "--debug", env={"PORTAL_DEBUG": "1"})
