"""Each resource type after a kill: AWS has it and the state doesn't. It is found by its inputs, under its own id.

What a recovery does is done here with the provider in the engine's place: look for the resource, read what was found as
the refresh does, and compare with what the program asks for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from components import names
from portal.recovery import RecoverError
from portal.recovery.ids import IDS
from portal.recovery.lookups import CREATED_AGAIN, LOOKUPS
from portal.recovery.places import Place
from portal.recovery.search import Account, Existing
from portal.recovery.wanted import Wanted
from tests.localcloud.clouds import ORGANIZATION_ROLE
from tests.types import CASES, Case

from .conftest import DEV, PUBLIC, REGION, Cloud
from .provider_kit import Engine, Inputs, engine_in, paths, unique

PROVIDER = {"type": "pulumi:providers:aws", "id": "p", "inputs": {"defaultTags": {"tags": {"project": "portal"}}}}
UNUSED = {"aws:iam/serviceLinkedRole:ServiceLinkedRole", "aws:route53/zone:Zone"}
"""Types of the plugin that no stack uses: a recovery asks a person for them."""
EAST = "us-east-1"
CERTIFICATE, IP_SET, WEB_ACL = "aws:acm/certificate:Certificate", "aws:wafv2/ipSet:IpSet", "aws:wafv2/webAcl:WebAcl"
GIVEN = {
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    *(case.token for case in CASES if case.stays),
}
"""What AWS sets by itself with something else, so it is always there."""
KEY = "aws:kms/key:Key"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
GROUP, VPC = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/vpc:Vpc"
found_by_type = pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.token not in UNUSED | CREATED_AGAIN],
    ids=lambda case: case.token.rsplit(":", 1)[1],
)


@pytest.fixture(scope="module")
def shared_engine(cloud: Cloud) -> Iterator[Engine]:
    """The command line acts as the engineer, too."""
    with engine_in(cloud, DEV) as configured, pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        yield configured


@pytest.fixture(scope="module")
def place(shared_engine: Engine) -> Place:
    """The account as `portal` enters it."""
    del shared_engine  # its environment says where the cloud is
    return Place(DEV, REGION, names.role_arn(DEV, ORGANIZATION_ROLE))


def find(place: Place, token: str, inputs: Mapping[str, Any], *held: tuple[str, str]) -> list[Existing]:
    """What an account is found to have for inputs that the state does not hold."""
    resource = {"urn": f"urn:pulumi:dev::portal::{token}::one", "type": token, "custom": True, "inputs": inputs}
    state: list[Mapping[str, Any]] = [PROVIDER, *({"type": kind, "id": id_} for kind, id_ in held)]
    return Account(place, state).find([Wanted(resource=resource, pending=True)])


def distinct(token: str, inputs: Inputs) -> Inputs:
    """The inputs with a name tag that no other test's resource has."""
    if token in LOOKUPS and LOOKUPS[token].tags:
        return {**inputs, "tags": {**inputs.get("tags", {}), "Name": unique("name")}}
    return inputs


def test_every_type_of_the_plugin_is_known() -> None:
    assert {case.token for case in CASES} - UNUSED <= {*IDS, *LOOKUPS, *CREATED_AGAIN}


@found_by_type
def test_what_aws_has_is_found_and_read(case: Case, engine: Engine, place: Place) -> None:
    inputs = distinct(case.token, case.inputs(case.before(engine.create, unique)))
    checked = engine.check(case.token, inputs)
    if case.token in LOOKUPS:
        assert find(place, case.token, checked) == []
    resource_id, _ = engine.create(case.token, inputs)
    [found] = find(place, case.token, checked)
    assert found.id == resource_id
    read = engine.read(case.token, found.id, found.inputs, found.inputs)
    assert paths(engine.diff(case.token, read.properties, inputs)) == []
    assert find(place, case.token, checked, (case.token, resource_id)) == []


def test_a_key_that_waits_for_its_deletion_is_no_candidate(engine: Engine, place: Place) -> None:
    inputs = distinct(KEY, {"description": "of a cluster"})
    old, state = engine.create(KEY, inputs)
    engine.provider.delete(KEY, old, state)
    assert find(place, KEY, engine.check(KEY, inputs)) == []
    new, _ = engine.create(KEY, inputs)
    assert [one.id for one in find(place, KEY, engine.check(KEY, inputs))] == [new]


def test_a_key_that_its_owner_lets_nobody_look_at_is_no_candidate(cloud: Cloud, engine: Engine, place: Place) -> None:
    """Another team's, in the same account: it does not stop the search."""
    theirs = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PUBLIC}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [theirs]})
    inputs = distinct(KEY, {"description": "of a cluster"})
    cloud.client("kms", DEV).create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    assert find(place, KEY, engine.check(KEY, inputs)) == []
    resource_id, _ = engine.create(KEY, inputs)
    assert [one.id for one in find(place, KEY, engine.check(KEY, inputs))] == [resource_id]


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.token in CREATED_AGAIN], ids=lambda case: case.token.rsplit(":", 1)[1]
)
def test_what_aws_gives_no_way_to_find_is_created_again(case: Case, engine: Engine, place: Place) -> None:
    inputs = case.inputs(case.before(engine.create, unique))
    engine.create(case.token, inputs)
    assert find(place, case.token, engine.check(case.token, inputs)) == []
    resource_id, _ = engine.create(case.token, inputs)
    read = engine.read(case.token, resource_id, inputs, inputs)
    assert paths(engine.diff(case.token, read.properties, inputs)) == []


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.token in (CERTIFICATE, IP_SET, WEB_ACL)],
    ids=lambda case: case.token.rsplit(":", 1)[1],
)
def test_what_cloudfront_uses_is_found_in_its_region(case: Case, engine: Engine, place: Place) -> None:
    """An equal one in the account's own region is another's."""
    inputs = distinct(case.token, case.inputs(case.before(engine.create, unique)))
    east = {**inputs, "region": EAST, **({"scope": "CLOUDFRONT"} if "scope" in inputs else {})}
    engine.create(case.token, inputs)
    checked = engine.check(case.token, east)
    assert find(place, case.token, checked) == []
    resource_id, _ = engine.create(case.token, east)
    assert [found.id for found in find(place, case.token, checked)] == [resource_id]


def test_a_certificate_without_the_tags_of_the_stack_is_anothers(engine: Engine, place: Place) -> None:
    host = f"{unique('host')}.example.org"
    inputs: Inputs = {"domainName": host, "subjectAlternativeNames": [host], "validationMethod": "DNS"}
    engine.create(CERTIFICATE, {**inputs, "tags": {"Name": "another"}})
    assert find(place, CERTIFICATE, engine.check(CERTIFICATE, {**inputs, "tags": {"Name": "ours"}})) == []


VPC_ORIGIN = "aws:cloudfront/vpcOrigin:VpcOrigin"
"""Told by the name within its configuration."""
BY_DESCRIPTION = {
    token: next(word for word in ("description", "comment") if word in lookup.same)
    for token, lookup in LOOKUPS.items()
    if lookup.service in ("cloudfront", "rds", "wafv2") and token != VPC_ORIGIN
}
"""Types that are told by what the program says of them, and the input that says it."""
NAMED = [token for token in BY_DESCRIPTION if "name" in LOOKUPS[token].same]


def described(token: str, engine: Engine, *without: str) -> Inputs:
    """Inputs of a type, with a description that no other test's has."""
    [case] = [case for case in CASES if case.token == token]
    inputs = case.inputs(case.before(engine.create, unique))
    return {key: value for key, value in inputs.items() if key not in without} | {BY_DESCRIPTION[token]: unique("for")}


@pytest.mark.parametrize("token", NAMED)
def test_what_has_a_name_that_the_engine_made_up_is_found_under_the_name_it_has(
    token: str, engine: Engine, place: Place
) -> None:
    inputs = described(token, engine, "name")
    resource_id, state = engine.create(token, inputs)
    planned, _ = engine.provider.check(token, "one", {}, inputs, b"another seed")
    assert planned["name"] != state["name"]
    [found] = find(place, token, planned)
    assert (found.id, found.inputs["name"]) == (resource_id, state["name"])
    assert engine.read(token, found.id, found.inputs, found.inputs).resource_id == resource_id


@pytest.mark.parametrize("token", [token for token in BY_DESCRIPTION if LOOKUPS[token].service != "rds"])
def test_what_is_on_a_later_page_is_found(
    token: str, engine: Engine, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = {"Limit": 1} if LOOKUPS[token].service == "wafv2" else {"MaxItems": "1"}
    monkeypatch.setitem(LOOKUPS, token, replace(LOOKUPS[token], fixed={**LOOKUPS[token].fixed, **page}))
    inputs = [described(token, engine) for _ in range(3)]
    made = [engine.create(token, one)[0] for one in inputs]
    checked = [engine.check(token, one) for one in inputs]
    assert [found.id for one in checked for found in find(place, token, one)] == made


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.token in IDS.keys() - GIVEN], ids=lambda case: case.token.rsplit(":", 1)[1]
)
def test_what_aws_does_not_have_is_dropped_by_the_refresh(case: Case, engine: Engine, place: Place) -> None:
    inputs = distinct(case.token, case.inputs(case.before(engine.create, unique)))
    checked = engine.check(case.token, inputs)
    [found] = find(place, case.token, checked)
    assert engine.read(case.token, found.id, checked, checked).resource_id == ""


def test_a_group_whose_name_the_engine_made_up_is_found_under_the_name_it_has(engine: Engine, place: Place) -> None:
    inputs = {"vpcId": engine.create(VPC, {"cidrBlock": "10.0.0.0/16"})[0], "tags": {"Name": unique("name")}}
    resource_id, state = engine.create(GROUP, inputs)
    planned, _ = engine.provider.check(GROUP, "one", {}, inputs, b"another seed")
    assert planned["name"] != state["name"]
    [found] = find(place, GROUP, planned)
    assert (found.id, found.inputs["name"]) == (resource_id, state["name"])
    read = engine.read(GROUP, found.id, found.inputs, found.inputs)
    assert (
        paths(engine.diff(GROUP, {**read.properties, "__defaults": ["name"]}, {**inputs, "name": state["name"]})) == []
    )


def test_a_target_group_whose_name_aws_was_asked_to_begin_is_found(engine: Engine, place: Place) -> None:
    [case] = [case for case in CASES if case.token == TARGET_GROUP]
    given = distinct(TARGET_GROUP, case.inputs(case.before(engine.create, unique)))
    inputs = {key: value for key, value in given.items() if key != "name"} | {"namePrefix": "api-"}
    resource_id, _ = engine.create(TARGET_GROUP, inputs)
    engine.create(TARGET_GROUP, distinct(TARGET_GROUP, inputs))
    assert [one.id for one in find(place, TARGET_GROUP, engine.check(TARGET_GROUP, inputs))] == [resource_id]


def test_two_that_are_alike_are_named(engine: Engine, place: Place) -> None:
    inputs = {"cidrBlock": "10.0.0.0/16", "tags": {"Name": unique("name")}}
    ids = [engine.create(VPC, inputs)[0] for _ in range(2)]
    with pytest.raises(RecoverError, match=r"has 2 like it") as refused:
        find(place, VPC, engine.check(VPC, inputs))
    assert all(id_ in str(refused.value) for id_ in ids)


def test_what_only_the_stacks_tags_tell_is_an_orphan(engine: Engine, place: Place) -> None:
    """The program no longer asks for it, or asks for another."""
    tags = {"project": "portal", "stack": unique("stack"), "managed-by": "pulumi"}
    resource_id, _ = engine.create(VPC, {"cidrBlock": "10.0.0.0/16", "tags": tags})
    engine.create(VPC, {"cidrBlock": "10.0.0.0/16", "tags": {**tags, "stack": "another"}})
    account = Account(place, [{**PROVIDER, "inputs": {"defaultTags": {"tags": tags}}}])
    assert account.orphans({VPC, GROUP}, []) == [f"{VPC} {resource_id}"]


def test_an_account_that_refuses_to_tell_is_named(place: Place, engine: Engine) -> None:
    nobody = Place(place.account, place.region, names.role_arn(DEV, "nobody"))
    with pytest.raises(RecoverError, match=rf"account {DEV} can't be searched for a {VPC}.*AccessDenied"):
        find(nobody, VPC, engine.check(VPC, {"cidrBlock": "10.0.0.0/16"}))
