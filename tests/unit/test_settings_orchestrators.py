"""What a stack file may get wrong about orchestrators, their network and images, naming file, key, value and rule."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from settings import generations, load
from tests.unit.stackfiles import own_files, own_project, written
from tests.unit.test_schema import SCHEMA
from tests.unit.test_settings import faults, put

DEV, STAGING = "environments.dev.orchestrator", "environments.staging.orchestrator"
CURRENT = generations.current(load("dev", own_project()).current, "dev")
REFUSED: list[tuple[str, str, object, str]] = [
    # what is wrong with one value
    ("dev", f"{DEV}.spot_max_vcpus", 0, "spot_max_vcpus: 0: Input should be greater than or equal to 1"),
    ("dev", f"{DEV}.spot_max_vcpu", 8, "spot_max_vcpu: 8: unknown key; known here: instance_types"),
    ("dev", f"{DEV}.instance_types", ["t3"], "instance_types[0]: 't3': a family is one of c5d"),
    ("dev", f"{DEV}.instance_types", ["r5d.7xlarge2"], "r5d has no virtual machine of that size"),
    ("dev", f"{DEV}.instance_types", [], "instance_types: []: Tuple should have at least 1 item"),
    ("dev", f"{DEV}.scratch_gib", 8, "scratch_gib: 8: Input should be greater than or equal to 30"),
    ("dev", f"{DEV}.machine_image", "ami-1", "machine_image: 'ami-1': a machine image is written like ami-"),
    ("dev", f"{DEV}.image", "ghcr.io/a/b", "image: 'ghcr.io/a/b': an image is written with its tag, its digest or"),
    ("dev", f"{DEV}.capacity_wait_seconds", 60, "capacity_wait_seconds: 60: Input should be greater than"),
    ("dev", f"{DEV}.timeout_seconds", 59, "timeout_seconds: 59: Input should be greater than or equal to 60"),
    ("dev", f"{DEV}.timeout_seconds", 259_201, "timeout_seconds: 259201: Input should be less than or equal to"),
    ("dev", f"{DEV}.log_days", 31, "log_days: 31: CloudWatch Logs keeps for 1, 3, 5"),
    ("dev", f"{DEV}.retiring", ["spot-0a1b2c3d"], "retiring: ['spot-0a1b2c3d']: unknown key; known here: instance"),
    ("dev", f"{DEV}.remove_machines", ["spot-1"], "remove_machines[0]: 'spot-1': a name as `portal status` prints it"),
    (
        "dev",
        f"{DEV}.remove_machines",
        [*CURRENT],
        f"remove_machines[0]: '{CURRENT[0]}': are the machines that this file",
    ),
    ("dev", f"{DEV}.variables", {"1X": "x"}, "variables.1X: '1X': a variable's name is letters, digits and _"),
    ("dev", f"{DEV}.variables", {"A B": "x"}, "variables.A B: 'A B': a variable's name is letters, digits and _"),
    ("dev", f"{DEV}.variables", {"X": ""}, "variables.X: '': Batch drops a variable without a value"),
    ("dev", f"{DEV}.variables", {"X": 3}, "variables.X: 3: must be text: quote it"),
    ("dev", f"{DEV}.variables", {"AWS_PROFILE": "x"}, "names that begin with AWS_ are the job's own"),
    *(
        ("dev", f"{DEV}.variables", {name: "x"}, f"variables.{name}: '{name}': the orchestrator sets this variable")
        for name in ("APP_NAME", "WDL_INPUT_URI", "MINIWDL__TASK_RUNTIME__DEFAULTS", "OUTPUT_STATUS_JSON_FILES")
    ),
    ("dev", f"{DEV}.call_cache", "yes", "call_cache: 'yes': must be true or false"),
    ("dev", f"{DEV}.stages", [{"name": "run"}], "stages[0].name: 'run': words that begin with a capital"),
    ("dev", f"{DEV}.stages", [], "stages: []: Tuple should have at least 1 item"),
    ("dev", f"{DEV}.notifications.queues", ["A"], "notifications.queues[0]: 'A': 1 to 24 lower-case"),
    ("dev", f"{DEV}.notifications.queues", ["x-dead-letter"], "must not end with dead-letter"),
    ("dev", f"{DEV}.notifications.queues", list("abcdef"), "notifications.queues: ['a', 'b', 'c', 'd', 'e', 'f']"),
    ("dev", "network.zones", ["usw2-az1"], "network.zones[0]: 'usw2-az1': a zone is its region and a letter"),
    ("dev", "network.nat_gateways", 0, "network.nat_gateways: 0: Input should be greater than or equal to 1"),
    ("dev", "network.flow_log_days", 2, "network.flow_log_days: 2: CloudWatch Logs keeps for"),
    ("dev", "images.ingest.repository", "Cryoet", "images.ingest.repository: 'Cryoet': 2 to 256 lower-case"),
    # what doesn't fit together
    ("dev", f"{DEV}.spot_min_vcpus", 65, "spot_min_vcpus: 65: must not exceed spot_max_vcpus"),
    ("dev", f"{DEV}.instance_types", ["m6i"], "instance_types[0]: 'm6i': has no NVMe disks: set a size"),
    (
        "dev",
        f"{DEV}.instance_types",
        ["r5d.large"],
        "stages[0].spot.memory_mib: 120000: the largest of the machines has 15592 MiB for a job",
    ),
    ("dev", f"{DEV}.on_demand_max_vcpus", 1, "stages[0].on_demand.vcpus: 2: a job gets 1 at most"),
    *(
        ("dev", f"{DEV}.{market}_max_vcpus", 15, f"{market}_max_vcpus: 15: at least 16: the smallest machine on which")
        for market in ("spot", "overflow", "on_demand")
    ),
    (
        "dev",
        f"{DEV}.stages",
        [{"name": "Run"}, {"name": "Run", "spot": {}}],
        "stages[1].name: 'Run': is the name of a stage before it",
    ),
    (
        "dev",
        f"{DEV}.stages",
        [{"name": "RunAgain"}, {"name": "Run"}],
        "stages[0].name: 'RunAgain': begins with the name of the stage Run",
    ),
    ("dev", f"{DEV}.notifications.queues", ["a", "a"], "notifications.queues[1]: 'a': is listed twice"),
    (
        "dev",
        f"{STAGING}.notifications.queues",
        ["abcdefghij-abcdefghij"],
        "notifications.queues[0]: 'abcdefghij-abcdefghij': too long: the queue cryoet-ingestion-staging-",
    ),
    ("dev", "network.zones", ["us-west-2a"], "network.zones: ['us-west-2a']: a network needs two or three"),
    ("dev", "network.zones", ["us-west-2a"] * 2, "a network needs two or three different zones"),
    ("dev", "network.zones", ["us-west-2a", "us-east-1a"], "zones[1]: 'us-east-1a': must be a zone of us-west-2"),
    ("dev", "network.nat_gateways", 3, "network.nat_gateways: 3: 1 to 2: at most one a zone"),
    (
        "public",
        "network.zones",
        ["us-west-2a"],
        "network.zones: ['us-west-2a']: there is no cluster",
    ),
    ("public", "network.nat_gateways", 1, "network.nat_gateways: 1: there is no cluster and no environment"),
    ("prod", "images.x", {"repository": "cryoet-staging"}, "images.x: 'x': clients look for images in the account 908"),
    ("dev", "images.ingest.repository", "apiv2-x86", "is the repository of images.import already"),
    # roles and releases
    ("prod", "environments.prod.import", None, "the environment has neither ingest nor import"),
    (
        "prod",
        "environments.prod.orchestrator.sync_into",
        {"stack": "public", "bucket": "public"},
        "sync_into: 'public': the environment has no ingest",
    ),
    ("dev", f"{STAGING}.sync_into", {"bucket": "staging"}, "sync_into.stack: 'dev': must be another stack"),
    ("dev", f"{STAGING}.sync_into", {"stack": "public", "bucket": "log"}, "'log': is of kind log; must be public"),
    ("dev", f"{STAGING}.sync_into", {"stack": "none", "bucket": "x"}, "sync_into.stack: 'none': no such stack"),
    ("public", "buckets.public.receives_from", None, "'public': must receive from a bucket of this stack"),
    (
        "dev",
        f"{DEV}.sync_into",
        {"stack": "public", "bucket": "public"},
        "environments.staging.orchestrator.sync_into.bucket: 'public': the environment 'dev' releases into it already",
    ),
]


@pytest.mark.parametrize(("stack", "key", "value", "rule"), REFUSED, ids=[f"{row[1]}={row[2]!r}" for row in REFUSED])
def test_refused_naming_file_key_value_and_rule(stack: str, key: str, value: object, rule: str, tmp_path: Path) -> None:
    found = faults(put(stack, key, value), tmp_path)
    assert any(rule in fault for fault in found), found
    assert all(fault.startswith("Pulumi.") and ": portal:settings." in fault for fault in found)


def test_stack_files_with_orchestrators_are_right(tmp_path: Path) -> None:
    portal = load("dev", written(own_files(), tmp_path))
    assert set(portal.current.orchestrators) == {"dev", "staging"}
    [stage] = portal.current.orchestrators["dev"].stages
    assert (stage.name, stage.spot.memory_mib, stage.on_demand.vcpus) == ("Run", 120_000, 2)


def test_the_json_schema_knows_orchestrators() -> None:
    for config in own_files().values():
        jsonschema.validate({"config": config}, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_a_network_is_asked_for_with_the_first_orchestrator(tmp_path: Path) -> None:
    found = faults(put("prod", "network", {"cidr": "10.34.0.0/16"}), tmp_path)
    rule = "a network needs two or three different zones"
    assert found == [f"Pulumi.prod.yaml: portal:settings.network.zones: []: {rule}"]
