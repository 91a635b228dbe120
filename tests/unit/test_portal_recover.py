"""What `portal recover` makes of a killed update's state."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, cast

import boto3
import pytest

from components.access import deployment
from portal.pulumi_cli import Pulumi, PulumiError
from portal.recovery import RecoverError, clear_dead_lock
from portal.recovery.ids import IDS
from portal.recovery.lookups import CREATED_AGAIN, LOOKUPS
from portal.recovery.places import Place
from portal.recovery.recover import diagnostics, state_with
from portal.recovery.search import OF_STACK, Account, Existing
from portal.recovery.wanted import UNKNOWN, UNREAD, Wanted, needs, pending, planned, unread
from settings import load
from settings.scope import scope_of
from tests.unit.conftest import deployed, whole_account
from tests.unit.stackfiles import own_project

REGION, ACCOUNT = "us-west-2", "908710317728"
BUCKET, ROLE, VPC, SUBNET = "aws:s3/bucket:Bucket", "aws:iam/role:Role", "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
TAGS = {"project": "portal", "stack": "dev", "managed-by": "pulumi"}
PROVIDER = {
    "urn": "urn:pulumi:dev::portal::pulumi:providers:aws::account",
    "type": "pulumi:providers:aws",
    "id": "p",
    "inputs": {"defaultTags": json.dumps({"tags": TAGS})},
}


class Answers:
    """A place whose account answers with what the test says: by call, or an error."""

    account, region = ACCOUNT, REGION

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def client(self, service: str, region: str = "") -> Any:
        del service, region
        return self

    def can_paginate(self, call: str) -> bool:
        del call
        return False

    def __getattr__(self, call: str) -> Any:
        return lambda **_: self.answers[call]


def account(resources: list[dict[str, Any]] | None = None, **answers: Any) -> Account:
    return Account(cast("Place", Answers(**answers)), [PROVIDER, *(resources or [])])


def resource(kind: str, name: str = "one", /, **inputs: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::portal::{kind}::{name}", "type": kind, "custom": True, "inputs": inputs}


def wanted(kind: str, name: str = "one", /, *, is_pending: bool = True, **inputs: Any) -> Wanted:
    return Wanted(resource=resource(kind, name, **inputs), pending=is_pending)


def tagged(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in {**TAGS, **tags}.items()]


def found(one: Wanted, id_: str) -> Existing:
    return Existing(wanted=one, id=id_, inputs=one.inputs)


def export(resources: list[dict[str, Any]], *operations: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": resources, "pending_operations": [*operations]}}


# where to look


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_type_that_the_program_makes_can_be_found(stack: str) -> None:
    types = {one.type for one in whole_account(stack).resources if one.type.startswith("aws:")}
    assert types <= {*IDS, *LOOKUPS, *CREATED_AGAIN}
    assert len({*IDS, *LOOKUPS, *CREATED_AGAIN}) == len(IDS) + len(LOOKUPS) + len(CREATED_AGAIN)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_what_is_found_by_its_id_has_all_of_it_from_the_program(stack: str) -> None:
    """A name that the engine makes up is another one after an update that was killed."""
    place = Place(ACCOUNT, REGION, "")
    by_id = [one for one in deployed(stack).resources if one.type in IDS]
    assert by_id
    assert [one.name for one in by_id if not _told(IDS[one.type], one.inputs, place)] == []


def _told(id_: Callable[[Mapping[str, Any], Place], str], inputs: Mapping[str, Any], place: Place) -> bool:
    try:
        return bool(id_(inputs, place))
    except KeyError:
        return False


def test_who_deploys_may_look_for_all_that_the_program_makes() -> None:
    scope = scope_of(load("dev", own_project()))
    further = deployment.further_changes(scope).values()
    statements = (*deployment.deploy(scope), *(one for more in further for one in more))
    allowed = {action.lower() for one in statements for action in one.actions}  # IAM takes either case
    used = {one.type for stack in ("dev", "prod") for one in deployed(stack).resources} & {*LOOKUPS}
    lookups = [LOOKUPS[type_] for type_ in used]
    calls = {(one.service, call) for one in lookups for call in (one.call, one.tags_call) if call}
    prefixes = {"elbv2": "elasticloadbalancing"}
    asked = {f"{prefixes.get(service, service)}:{call.replace('_', '')}" for service, call in calls}
    assert asked
    assert {one for one in asked if not any(fnmatchcase(one, action) for action in allowed)} == set()


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_what_is_found_by_its_tags_has_a_name_of_its_own(stack: str) -> None:
    made = [one for one in deployed(stack).resources if one.type in LOOKUPS and LOOKUPS[one.type].tags]
    told = [
        json.dumps([one.type, one.inputs.get("tags"), *(one.inputs.get(name) for name in LOOKUPS[one.type].same)])
        for one in made
    ]
    assert made
    assert len(told) == len(set(told))


def test_the_tags_by_which_a_stack_is_known_are_on_everything() -> None:
    [provider] = [one for one in deployed("dev").resources if one.type == "pulumi:providers:aws"]
    assert set(OF_STACK) <= set(json.loads(provider.inputs["defaultTags"])["tags"])


@pytest.mark.parametrize(
    ("kind", "inputs", "id_"),
    [
        (BUCKET, {"bucket": "b"}, "b"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "n"}, "r:n"),
        ("aws:iam/policy:Policy", {"name": "p"}, f"arn:aws:iam::{ACCOUNT}:policy/p"),
        ("aws:iam/policy:Policy", {"name": "p", "path": "/x/"}, f"arn:aws:iam::{ACCOUNT}:policy/x/p"),
        (
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            {"url": "https://token.example.org"},
            f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.org",
        ),
        ("aws:batch/jobQueue:JobQueue", {"name": "q"}, f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/q"),
        ("aws:sfn/stateMachine:StateMachine", {"name": "m"}, f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"),
        ("aws:sns/topic:Topic", {"name": "t"}, f"arn:aws:sns:{REGION}:{ACCOUNT}:t"),
        ("aws:cloudwatch/eventRule:EventRule", {"name": "r", "eventBusName": "default"}, "r"),
        ("aws:cloudwatch/eventRule:EventRule", {"name": "r", "eventBusName": "bus"}, "bus/r"),
        ("aws:cloudwatch/eventTarget:EventTarget", {"rule": "r", "targetId": "t"}, "r-t"),
        ("aws:ec2/route:Route", {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"}, "r-rtb-11080289494"),
    ],
)
def test_the_id_follows_from_the_inputs(kind: str, inputs: dict[str, str], id_: str) -> None:
    [made] = account().find([Wanted(resource=resource(kind, **inputs), pending=True)])
    assert made.id == id_


# what is looked for


@pytest.mark.parametrize(
    ("metadata", "id_"), [({"name": "api", "namespace": "dev"}, "dev/api"), ({"name": "dev"}, "dev")]
)
def test_an_object_of_a_cluster_is_known_by_its_name(metadata: dict[str, str], id_: str) -> None:
    one = wanted("kubernetes:apps/v1:Deployment", metadata=metadata)
    assert [each.id for each in account().find([one])] == [id_]
    operation = {"type": "creating", "resource": one.resource}
    assert [each.urn for each in pending({"pending_operations": [operation]})] == [one.urn]


def test_pending_creations_are_wanted_and_other_operations_are_left_to_the_refresh() -> None:
    kinds = ("creating", "updating", "deleting")
    operations: list[dict[str, Any]] = [{"type": kind, "resource": resource(BUCKET, kind)} for kind in kinds]
    operations.append({"type": "creating", "resource": {**PROVIDER, "custom": True}})
    assert [one.urn for one in pending({"pending_operations": operations})] == [operations[0]["resource"]["urn"]]


def test_a_plan_wants_what_it_would_create_where_all_values_are_known() -> None:
    steps: list[dict[str, Any]] = [
        {"op": "create", "newState": resource(VPC)},
        {"op": "create", "newState": resource(SUBNET, vpcId=UNKNOWN)},
        {"op": "create-replacement", "newState": resource(BUCKET, "other")},
        {"op": "update", "newState": resource(BUCKET, "third")},
        {"op": "delete", "newState": None},
        {"op": "create", "newState": {"urn": "u", "type": "portal:network:Network"}},
    ]
    assert [one.resource for one in planned(json.dumps({"steps": steps}))] == [resource(VPC), resource(BUCKET, "other")]


def test_a_plan_that_fails_says_why() -> None:
    printed = {"config": {}, "steps": [], "diagnostics": [{"urn": "urn:x", "message": "no such file\n"}]}
    assert (
        diagnostics(json.dumps(printed) + "\nerror: preview failed\n") == "urn:x: no such file\nerror: preview failed"
    )
    assert diagnostics("error: no stack") == "error: no stack"


# what is found


def test_a_thing_of_the_stack_with_the_name_and_the_attributes_was_made() -> None:
    vpcs = [
        {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Tags": tagged(Name="other")},
        {"VpcId": "vpc-2", "CidrBlock": "10.1.0.0/16", "Tags": tagged(Name="network")},
        {"VpcId": "vpc-3", "CidrBlock": "10.0.0.0/16", "Tags": tagged(Name="network", stack="prod")},
        {"VpcId": "vpc-4", "CidrBlock": "10.0.0.0/16"},
        {"VpcId": "vpc-5", "CidrBlock": "10.0.0.0/16", "Tags": tagged(Name="network")},
    ]
    one = wanted(VPC, cidrBlock="10.0.0.0/16", tags={"Name": "network"})
    assert [made.id for made in account(describe_vpcs={"Vpcs": vpcs}).find([one])] == ["vpc-5"]
    assert account(describe_vpcs={"Vpcs": vpcs[:4]}).find([one]) == []


def test_what_the_state_holds_is_no_candidate() -> None:
    vpcs = [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Tags": tagged(Name="network")}]
    held = {**resource(VPC, "old"), "id": "vpc-1"}
    one = wanted(VPC, cidrBlock="10.0.0.0/16", tags={"Name": "network"})
    assert account([held], describe_vpcs={"Vpcs": vpcs}).find([one]) == []
    bucket = {**resource(BUCKET, bucket="b"), "id": "b"}
    assert account([bucket]).find([wanted(BUCKET, bucket="b")]) == []


def test_several_that_are_alike_are_named() -> None:
    vpcs = [{"VpcId": f"vpc-{number}", "CidrBlock": "10.0.0.0/16", "Tags": tagged()} for number in (1, 2)]
    with pytest.raises(RecoverError, match=rf"{VPC}::one.*account {ACCOUNT} has 2 like it.*vpc-1, vpc-2"):
        account(describe_vpcs={"Vpcs": vpcs}).find([wanted(VPC, cidrBlock="10.0.0.0/16")])


def test_one_thing_is_not_two_resources() -> None:
    vpcs = [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Tags": tagged()}]
    both = [wanted(VPC, name, cidrBlock="10.0.0.0/16") for name in ("one", "two")]
    with pytest.raises(RecoverError, match="vpc-1 in account 908710317728 may be another resource's"):
        account(describe_vpcs={"Vpcs": vpcs}).find(both)


def test_a_made_up_name_is_not_compared_but_taken_over() -> None:
    group = {"GroupId": "sg-1", "GroupName": "one-1a2b3c4", "VpcId": "vpc-1", "Tags": tagged()}
    inputs: dict[str, Any] = {"vpcId": "vpc-1", "name": "one-9999999", "__defaults": ["name"]}
    kind = "aws:ec2/securityGroup:SecurityGroup"
    answer = {"SecurityGroups": [group]}
    [made] = account(describe_security_groups=answer).find([wanted(kind, **inputs)])
    assert (made.id, made.inputs["name"]) == ("sg-1", "one-1a2b3c4")
    assert account(describe_security_groups=answer).find([wanted(kind, vpcId="vpc-1", name="one-9999999")]) == []


def test_a_type_that_nothing_is_known_of_needs_a_person() -> None:
    kind = "aws:rds/globalCluster:GlobalCluster"
    with pytest.raises(RecoverError, match=rf"{kind}.*account {ACCOUNT}"):
        account().find([wanted(kind)])
    assert account().find([wanted(kind, is_pending=False)]) == []


def test_what_carries_the_stacks_tags_and_nothing_explains_is_named() -> None:
    vpcs = [
        {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Tags": tagged(Name="network")},
        {"VpcId": "vpc-2", "CidrBlock": "10.0.0.0/16", "Tags": tagged(Name="forgotten")},
        {"VpcId": "vpc-3", "CidrBlock": "10.0.0.0/16", "Tags": tagged(stack="prod")},
    ]
    here = account([{**resource(VPC), "id": "vpc-1"}], describe_vpcs={"Vpcs": vpcs})
    assert here.orphans({VPC, BUCKET}, []) == [f"{VPC} vpc-2"]
    assert here.orphans({BUCKET}, []) == []
    assert here.orphans({VPC}, [found(wanted(VPC), "vpc-2")]) == []


# what the state becomes


def test_the_state_takes_what_was_found_for_made_and_says_that_it_was_not_read() -> None:
    held = {**resource(ROLE, "two"), "id": "two"}
    operation = {"type": "creating", "resource": resource(BUCKET, bucket="b")}
    after = state_with(export([held], operation), [found(wanted(BUCKET, bucket="b"), "b")])["deployment"]
    assert after["pending_operations"] == []
    assert after["resources"][0] == held
    made = after["resources"][1]
    assert (made["id"], made["outputs"], made["initErrors"]) == ("b", {"bucket": "b"}, [UNREAD])
    assert unread(after) == [made["urn"]]


def test_a_pending_update_leaves_the_resource_as_it_was() -> None:
    held = {**resource(BUCKET, bucket="b"), "id": "b", "outputs": {"bucket": "b", "tags": {}}}
    operation = {"type": "updating", "resource": resource(BUCKET, bucket="b", forceDestroy=True)}
    assert state_with(export([held], operation), [])["deployment"]["resources"] == [held]


def test_a_replacement_comes_before_what_it_replaces() -> None:
    held = {**resource(VPC), "id": "vpc-1"}
    made = found(wanted(VPC, cidrBlock="10.1.0.0/16"), "vpc-2")
    after = state_with(export([held]), [made])["deployment"]["resources"]
    assert [(one["id"], one.get("delete", False)) for one in after] == [("vpc-2", False), ("vpc-1", True)]
    gone = {**held, "pendingReplacement": True}
    assert [one["id"] for one in state_with(export([gone]), [made])["deployment"]["resources"]] == ["vpc-2"]


def test_what_hangs_on_something_that_was_not_made_was_not_made() -> None:
    child = wanted(SUBNET, vpcId="vpc-1")
    missing = Wanted(resource={**child.resource, "propertyDependencies": {"vpcId": ["urn:vpc"]}}, pending=False)
    assert needs(missing.resource) == {"urn:vpc"}
    assert state_with(export([PROVIDER]), [found(missing, "subnet-1")])["deployment"]["resources"] == [PROVIDER]


# locks


def locked_by(host: str, pid: int) -> PulumiError:
    owner = f"root@{host} (pid {pid}) at 2026-01-01T00:00:00Z"
    text = f"error: the stack is currently locked by 1 lock(s).\n  file:///x: created by {owner}"
    return PulumiError(["pulumi", "up"], text)


def test_a_lock_of_another_machine_is_not_touched() -> None:
    with pytest.raises(
        RecoverError, match=r"locked by root@elsewhere \(pid 1\) since 2026-01-01T00:00:00Z, another machine"
    ):
        clear_dead_lock(Pulumi(stack="dev"), locked_by("elsewhere", 1))


def test_a_lock_of_a_machine_that_is_gone_is_removed_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(Pulumi, "run", lambda _, *arguments: ran.append(arguments))
    assert clear_dead_lock(Pulumi(stack="dev", dead_runner="root@elsewhere"), locked_by("elsewhere", 1))
    assert ran == [("cancel", "--yes")]
    with pytest.raises(RecoverError, match="portal recover dev --lock-of root@other, or the workflow recover"):
        clear_dead_lock(Pulumi(stack="dev", dead_runner="root@elsewhere"), locked_by("other", 1))
    assert len(ran) == 1


def test_a_lock_of_a_living_process_is_not_touched() -> None:
    with pytest.raises(RecoverError, match="which is running"):
        clear_dead_lock(Pulumi(stack="dev"), locked_by(socket.gethostname(), os.getpid()))


def test_a_dead_processes_lock_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(Pulumi, "run", lambda _, *arguments: ran.append(arguments))
    assert clear_dead_lock(Pulumi(stack="dev"), locked_by(socket.gethostname(), 2**22 + 1))
    assert ran == [("cancel", "--yes")]


def test_an_error_without_a_lock_is_not_ours() -> None:
    assert not clear_dead_lock(Pulumi(stack="dev"), PulumiError(["pulumi", "up"], "error: no such bucket"))


@pytest.mark.parametrize("role", ["", "cryoet-github-deploy"])
def test_a_session_that_is_the_roles_already_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    asked: list[str] = []
    monkeypatch.setattr("portal.recovery.places.session", lambda arn, _: asked.append(arn) or boto3.Session())
    monkeypatch.setenv("PORTAL_ROLE", role)
    place = Place.of(load("dev", own_project()).current)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    place.client("sts")
    assert asked == ([] if role else [f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole"])
    assert place.role.endswith(role or "OrganizationAccountAccessRole")
