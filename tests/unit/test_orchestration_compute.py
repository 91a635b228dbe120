"""Machines and queues: what is registered, and how one generation follows another."""

from __future__ import annotations

import base64
import email
from typing import Any

import pytest

from components.orchestration import hosts, instances
from components.orchestration.compute import Compute, ComputeArgs, HostNetwork
from components.orchestration.contract import Resources
from components.orchestration.generations import Attachments, HostArgs, compute_resources, launch_template, market_of
from settings.orchestration import Size
from tests.unit.recording import Recording, Registered, record

BOUNDARY = "arn:aws:iam::908710317728:policy/cryoet-boundary"
OLD = "spot-0a1b2c3d"


NETWORK = HostNetwork(vpc_id="vpc-1", subnet_ids=["subnet-1", "subnet-2"])


def host_args(**given: Any) -> HostArgs:
    found: dict[str, Any] = {
        "instance_types": ("r5d", "r6id"),
        "spot_max_vcpus": 512,
        "overflow_max_vcpus": 64,
        "on_demand_max_vcpus": 128,
        "scratch": 500,
        "network_key": "10.32.0.0/16 a b",
    }
    return HostArgs(**{**found, **given})


def args(*, retiring: tuple[str, ...] = (), capacity_wait_seconds: int = 1_800, **given: Any) -> ComputeArgs:
    return ComputeArgs(
        environment="dev",
        account="908710317728",
        region="us-west-2",
        boundary=BOUNDARY,
        hosts=host_args(**given),
        network=NETWORK,
        retiring=retiring,
        capacity_wait_seconds=capacity_wait_seconds,
    )


def deployed(**given: Any) -> Recording:
    return record(lambda: Compute("dev", args(**given)))


def environments(graph: Recording) -> dict[str, Registered]:
    """By market."""
    made = graph.of("batch/computeEnvironment:ComputeEnvironment")
    return {one.name.removeprefix("dev-").rpartition("-")[0]: one for one in made}


def listed(graph: Recording, queue: str) -> list[str]:
    """Names of the compute environments that a queue lists, in order."""
    orders = graph.one(f"dev-{queue}-queue").inputs["computeEnvironmentOrders"]
    return [one["computeEnvironment"].split(":::")[1] for one in sorted(orders, key=lambda one: one["order"])]


def test_spot_machines_come_first_then_an_overflow_on_demand() -> None:
    graph = deployed()
    markets = [name.removeprefix("dev-").rpartition("-")[0] for name in listed(graph, "spot")]
    assert markets == ["spot", "overflow"]
    assert [name.removeprefix("dev-").rpartition("-")[0] for name in listed(graph, "on-demand")] == ["on-demand"]


@pytest.mark.parametrize(
    ("market", "kind", "strategy", "most"),
    [
        ("spot", "SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED", 512),
        ("overflow", "EC2", "BEST_FIT_PROGRESSIVE", 64),
        ("on-demand", "EC2", "BEST_FIT_PROGRESSIVE", 128),
    ],
)
def test_each_market_has_its_kind_of_machines(market: str, kind: str, strategy: str, most: int) -> None:
    one = environments(deployed())[market]
    found = one.inputs["computeResources"]
    assert (found["type"], found["allocationStrategy"], found["minVcpus"], found["maxVcpus"]) == (
        kind,
        strategy,
        0,
        most,
    )
    assert found["instanceTypes"] == ["r5d", "r6id"]
    assert found["subnets"] == ["subnet-1", "subnet-2"]
    assert "serviceRole" not in one.inputs
    assert "desiredVcpus" not in found
    assert one.inputs["updatePolicy"] == {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 360}


def test_without_an_overflow_jobs_wait_for_spot() -> None:
    graph = deployed(overflow_max_vcpus=0)
    assert set(environments(graph)) == {"spot", "on-demand"}
    assert len(listed(graph, "spot")) == 1


def test_machines_kept_running_are_spot_alone() -> None:
    found = environments(deployed(spot_min_vcpus=8))
    assert {market: one.inputs["computeResources"]["minVcpus"] for market, one in found.items()} == {
        "spot": 8,
        "overflow": 0,
        "on-demand": 0,
    }


def test_the_price_of_spot_machines_is_sent_as_aws_gives_it_back() -> None:
    resources = {market: one.inputs["computeResources"] for market, one in environments(deployed()).items()}
    assert {market: one.get("bidPercentage") for market, one in resources.items()} == {
        "spot": 100,
        "overflow": None,
        "on-demand": None,
    }


def test_time_limits_are_the_backstop_on_both_queues() -> None:
    graph = deployed(capacity_wait_seconds=900)
    limits = {
        queue: {
            one["reason"]: (one["maxTimeSeconds"], one["action"], one["state"])
            for one in graph.one(f"dev-{queue}-queue").inputs["jobStateTimeLimitActions"]
        }
        for queue in ("spot", "on-demand")
    }
    cannot = {
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": (600, "CANCEL", "RUNNABLE"),
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": (600, "CANCEL", "RUNNABLE"),
    }
    assert limits["on-demand"] == cannot
    assert all([*one] == sorted(one, reverse=True) for one in limits.values()), "as they are read back"
    assert limits["spot"] == {"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": (900, "CANCEL", "RUNNABLE"), **cannot}


def test_queues_have_the_names_that_the_state_machine_knows() -> None:
    queues = deployed().of("batch/jobQueue:JobQueue")
    assert sorted(one.inputs["name"] for one in queues) == [
        "cryoet-ingestion-dev-main-on_demand",
        "cryoet-ingestion-dev-main-spot",
    ]


def test_machines_are_closed_encrypted_and_keep_their_metadata_to_themselves() -> None:
    graph = deployed()
    template = graph.of("ec2/launchTemplate:LaunchTemplate")[0].inputs
    assert template["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    [volume] = template["blockDeviceMappings"]
    assert volume["deviceName"] == "/dev/xvda"
    assert (volume["ebs"]["encrypted"], volume["ebs"]["volumeSize"], volume["ebs"]["volumeType"]) == (
        "true",
        500,
        "gp3",
    )
    group = graph.one("dev-hosts")
    assert "ingress" not in group.inputs
    assert [one.inputs["ipProtocol"] for one in graph.of("SecurityGroupEgressRule")] == ["-1"]
    assert not graph.of("SecurityGroupIngressRule")


def test_the_machine_image_is_amazon_linux_2023_or_the_one_that_was_pinned() -> None:
    [newest] = environments(deployed())["spot"].inputs["computeResources"]["ec2Configurations"]
    assert newest == {"imageType": "ECS_AL2023"}
    [pinned] = environments(deployed(image_id="ami-1"))["spot"].inputs["computeResources"]["ec2Configurations"]
    assert pinned == {"imageType": "ECS_AL2023", "imageIdOverride": "ami-1"}


def script(scratch: Any) -> str:
    """The start-up script, as a machine would find it in the user data."""
    message = email.message_from_bytes(base64.b64decode(hosts.user_data(scratch)))
    whole, part = message.walk()
    assert (whole.get_content_type(), part.get_content_type()) == ("multipart/mixed", "text/cloud-boothook")
    return str(part.get_payload())


def test_user_data_is_what_batch_takes() -> None:
    """What the script does: ``test_orchestration_start_up``."""
    for scratch in (500, "nvme"):
        assert script(scratch).rstrip("\n") == hosts.start_up(scratch).rstrip("\n")
    assert len(hosts.user_data("nvme")) < 16_384


def test_nvme_machines_need_a_small_root_volume() -> None:
    [volume] = deployed(scratch="nvme").of("ec2/launchTemplate:LaunchTemplate")[0].inputs["blockDeviceMappings"]
    assert volume["ebs"]["volumeSize"] == 30


def test_the_machines_role_serves_ecs_and_nothing_else() -> None:
    graph = deployed()
    actions = [one["Action"] for one in graph.one("dev-host-policy").json("policy")["Statement"]]
    flat = [name for one in actions for name in ([one] if isinstance(one, str) else one)]
    assert {name.split(":")[0] for name in flat} == {"ecs", "ec2"}
    assert graph.one("dev-host", "iam/role:Role").inputs["permissionsBoundary"] == BOUNDARY
    assert graph.one("dev-host", "InstanceProfile").inputs["role"] == "cryoet-ingestion-dev-batch-main-instance"


def test_environments_outlive_neither_their_role_nor_their_way_out() -> None:
    for one in environments(deployed()).values():
        assert {"dev-host-policy", "dev-hosts-out"} <= one.depends_on
    assert {one.name for one in environments(deployed()).values()} <= deployed().one("dev-spot-queue").depends_on


CHANGES: list[dict[str, Any]] = [
    {"instance_types": ("r5d",)},
    {"image_id": "ami-1"},
    {"scratch": 501},
    {"scratch": "nvme"},
    {"network_key": "10.32.0.0/16 a b c"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_would_end_running_jobs_makes_a_new_generation(change: dict[str, Any]) -> None:
    before, after = host_args().generations("dev"), host_args(**change).generations("dev")
    assert not set(before) & set(after)
    assert [one.rpartition("-")[0] for one in after] == ["spot", "overflow", "on-demand"]


OF_THE_PROGRAM: dict[str, tuple[str, object]] = {
    "root volume": ("root_volume", lambda _: {"encrypted": "true", "volume_type": "gp3", "volume_size": 31}),
    "metadata options": ("METADATA_OPTIONS", {**hosts.METADATA_OPTIONS, "http_put_response_hop_limit": 2}),
    "tagged resources": ("TAGGED", (*hosts.TAGGED, "network-interface")),
    "root device": ("ROOT_DEVICE", "/dev/sda1"),
    "kind of image": ("IMAGE_TYPE", "ECS_AL2"),
    "start-up script": ("user_data", lambda _: "TUlNRS1WZXJzaW9uOiAxLjA="),
}


@pytest.mark.parametrize("change", OF_THE_PROGRAM)
def test_so_does_a_change_of_the_program(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    before = host_args().generations("dev")
    monkeypatch.setattr(hosts, *OF_THE_PROGRAM[change])
    assert not set(before) & set(host_args().generations("dev"))


def test_so_do_other_tags_of_machines() -> None:
    """They have the environment's name."""
    digests = {name: {one[-8:] for one in host_args().generations(name)} for name in ("dev", "staging")}
    assert not digests["dev"] & digests["staging"]


def test_nothing_is_registered_of_machines_that_the_name_does_not_say() -> None:
    """Else a change of it would replace the machines of running jobs. Limits of vCPUs change in place; ids follow from
    the rest."""
    graph, attached = deployed(), Attachments(instance_profile="", security_group="", subnets=())
    for market, one in environments(graph).items():
        resources = one.inputs["computeResources"]
        named = compute_resources(host_args(), market_of(f"{market}-0"), attached)
        assert {*resources} == {camel(key) for key in named} | {"launchTemplate"}
        template = graph.one(one.name, "LaunchTemplate").inputs
        assert {*template} == {camel(key) for key in launch_template(host_args(), "dev", "")} | {"name"}


def camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(word.capitalize() for word in others)


@pytest.mark.parametrize(
    "change", [{"spot_max_vcpus": 9, "on_demand_max_vcpus": 9}, {"overflow_max_vcpus": 9}, {"spot_min_vcpus": 1}]
)
def test_limits_change_in_place(change: dict[str, Any]) -> None:
    assert host_args(**change).generations("dev") == host_args().generations("dev")
    assert host_args(instance_types=("r6id", "r5d")).generations("dev") == host_args().generations("dev")


def test_a_retiring_generation_is_listed_last_and_left_as_it_is() -> None:
    graph = deployed(retiring=(OLD,))
    names = listed(graph, "spot")
    assert names[-1] == f"dev-{OLD}"
    assert [name.removeprefix("dev-").rpartition("-")[0] for name in names] == ["spot", "overflow", "spot"]
    old, template = graph.one(f"dev-{OLD}", "ComputeEnvironment"), graph.one(f"dev-{OLD}", "LaunchTemplate")
    assert {"computeResources", "name", "state", "tags", "type", "updatePolicy"} <= set(old.ignore_changes)
    assert {"userData", "blockDeviceMappings", "name"} <= set(template.ignore_changes)
    current = environments(deployed()).values()
    assert all(not one.ignore_changes for one in current)


def test_a_queue_lists_three_at_most_and_the_rest_runs_on_unlisted() -> None:
    graph = deployed(retiring=(OLD, "overflow-0a1b2c3d", "spot-99999999"))
    assert len(listed(graph, "spot")) == 3
    assert f"dev-{OLD}" == listed(graph, "spot")[-1]
    assert len(graph.of("batch/computeEnvironment:ComputeEnvironment")) == 6


def test_going_back_to_a_retiring_generation_makes_it_current() -> None:
    spot = host_args().generations("dev")[0]
    graph = deployed(retiring=(spot,))
    assert len(graph.of("batch/computeEnvironment:ComputeEnvironment")) == 3
    assert not graph.one(f"dev-{spot}", "ComputeEnvironment").ignore_changes


@pytest.mark.parametrize(
    ("given", "field", "rule"),
    [
        ({"instance_types": ()}, "instance_types", "at least one"),
        ({"instance_types": ("x9z",)}, "instance_types", "a family is one of"),
        ({"instance_types": ("r5d.metal",)}, "instance_types", "no virtual machine of that size"),
        ({"scratch": 29}, "scratch", "30 to 16384 GiB"),
        ({"scratch": "nvme", "instance_types": ("r5",)}, "instance_types[0]", "has no NVMe disks"),
        ({"spot_max_vcpus": 0}, "spot_max_vcpus", "1 to 100000"),
        ({"on_demand_max_vcpus": 0}, "on_demand_max_vcpus", "1 to 100000"),
        ({"overflow_max_vcpus": -1}, "overflow_max_vcpus", "0 to 100000"),
        ({"spot_min_vcpus": 513}, "spot_min_vcpus", "must not exceed spot_max_vcpus"),
        ({"capacity_wait_seconds": 599}, "capacity_wait_seconds", "600 to 86400"),
        ({"retiring": ("old",)}, "retiring", "like spot-0a1b2c3d"),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, Any], field: str, rule: str) -> None:
    found = [(where, why) for where, _, why in args(**given).faults()]
    assert [where.removeprefix("hosts.") for where, _ in found] == [field]
    assert rule in found[0][1]


def test_what_can_be_has_no_fault() -> None:
    assert list(args().faults()) == []


@pytest.mark.parametrize(
    ("given", "gb"),
    [
        ({"scratch": 500}, 500),
        ({"scratch": "nvme"}, 75),
        ({"scratch": "nvme", "instance_types": ("r5d.4xlarge", "c6id.2xlarge")}, 472),
    ],
)
def test_the_smallest_machine_bounds_what_jobs_may_keep_on_disk(given: dict[str, Any], gb: int) -> None:
    """Of the families r5d and r6id it is an r5d.large; c6id.2xlarge has 474 GB."""
    assert host_args(**given).least_scratch_gb() == gb


@pytest.mark.parametrize(
    ("types", "most", "largest"),
    [
        (("r5d",), 1_000, Resources(memory_mib=762_539, vcpus=96)),
        (("r5d",), 64, Resources(memory_mib=762_539, vcpus=64)),
        (("c5d", "r5d.large"), 1_000, Resources(memory_mib=190_409, vcpus=96)),
        (("m5d.2xlarge",), 1_000, Resources(memory_mib=31_484, vcpus=8)),
        (("r5d.xlarge",), 1_000, Resources(memory_mib=31_484, vcpus=4)),
    ],
)
def test_the_largest_job_is_what_the_largest_machine_has(types: tuple[str, ...], most: int, largest: Resources) -> None:
    assert instances.largest_job(types, most) == largest


@pytest.mark.parametrize("name", ["r5d", "r5d.large", "r5d.24xlarge"])
def test_known_machines(name: str) -> None:
    assert instances.fault(name) is None


def test_the_default_size_fits_a_4xlarge_once_and_an_8xlarge_twice() -> None:
    size, families = Size().resources, ("r5d", "r6id")
    machine = instances.smallest_machine(families, size)
    both = instances.smallest_machine(families, Resources(memory_mib=2 * size.memory_mib, vcpus=2 * size.vcpus))
    assert [one and one.vcpus for one in (machine, both)] == [16, 32]


@pytest.mark.parametrize("name", ["r5d.48xlarge", "r5d.9xlarge", "r5d.", "r5d.2large", "r5d.0xlarge", "p5", "R5D"])
def test_unknown_machines(name: str) -> None:
    assert instances.fault(name)
