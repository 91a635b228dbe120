"""What AWS refuses in EC2, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from .conftest import DEV, REGION, Cloud
from .policies import allow, document, refusal, root, trusts

IN_USE = ("DependencyViolation", 400)
INVALID = ("InvalidParameterValue", 400)
PARAMETER = ("InvalidParameter", 400)
S3, LOGS = "com.amazonaws.us-west-2.s3", "com.amazonaws.us-west-2.logs"


@pytest.fixture
def template(ec2: Any, cloud: Cloud) -> Iterator[tuple[str, str]]:
    name = cloud.name("template")
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "m6i.large"})
    yield name, made["LaunchTemplate"]["LaunchTemplateId"]
    ec2.delete_launch_template(LaunchTemplateName=name)


def group(ec2: Any, vpc: str, name: str, text: str = "of a test") -> str:
    return ec2.create_security_group(GroupName=name, Description=text, VpcId=vpc)["GroupId"]


def https(**peers: Any) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **peers}]


def test_ec2_01_group_that_another_group_names(ec2: Any, vpc: str) -> None:
    named, naming = group(ec2, vpc, "named"), group(ec2, vpc, "naming")
    rule = https(UserIdGroupPairs=[{"GroupId": named}])
    ec2.authorize_security_group_ingress(GroupId=naming, IpPermissions=rule)
    assert refusal(ec2.delete_security_group, GroupId=named) == IN_USE
    ec2.revoke_security_group_ingress(GroupId=naming, IpPermissions=rule)
    ec2.delete_security_group(GroupId=named)


def test_ec2_01_group_that_an_interface_has(ec2: Any, vpc: str, subnet: str) -> None:
    used = group(ec2, vpc, "used")
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=LOGS, VpcEndpointType="Interface", SubnetIds=[subnet], SecurityGroupIds=[used],
        PrivateDnsEnabled=False,
    )  # fmt: skip
    assert refusal(ec2.delete_security_group, GroupId=used) == IN_USE


@pytest.mark.parametrize("text", ["für alle", "x" * 256, "a|b"])
def test_ec2_02_texts_of_groups_and_rules(ec2: Any, vpc: str, text: str) -> None:
    assert refusal(ec2.create_security_group, GroupName=text, Description="d", VpcId=vpc) == INVALID
    assert refusal(ec2.create_security_group, GroupName="name", Description=text, VpcId=vpc) == INVALID
    rule = https(IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": text}])
    one = group(ec2, vpc, "texts")
    assert refusal(ec2.authorize_security_group_ingress, GroupId=one, IpPermissions=rule) == INVALID


def test_rules_keep_what_they_say(ec2: Any, vpc: str) -> None:
    one, two = group(ec2, vpc, "one"), group(ec2, vpc, "two")
    asked = https(
        IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "inside"}],
        UserIdGroupPairs=[{"GroupId": two, "Description": "from two"}],
    )
    made = ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=asked)["SecurityGroupRules"]
    assert [rule["Description"] for rule in made] == ["inside", "from two"]
    assert {rule["GroupOwnerId"] for rule in made} == {"908710317728"}
    found = ec2.describe_security_groups(GroupIds=[one])["SecurityGroups"][0]["IpPermissions"][0]
    assert found["UserIdGroupPairs"][0]["Description"] == "from two"
    gone = https(IpRanges=[{"CidrIp": "10.9.0.0/16"}])
    assert refusal(ec2.revoke_security_group_ingress, GroupId=one, IpPermissions=gone) == (
        "InvalidPermission.NotFound",
        400,
    )


def test_ec2_03_and_05_what_a_nat_gateway_holds(ec2: Any, vpc: str, subnet: str, gateway: str) -> None:
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    assert refusal(ec2.delete_subnet, SubnetId=subnet) == IN_USE
    assert refusal(ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc) == IN_USE
    assert refusal(ec2.release_address, AllocationId=address) == ("InvalidIPAddress.InUse", 400)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.release_address(AllocationId=address)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnet)


def test_ec2_04_vpc_with_anything_left(ec2: Any, vpc: str, gateway: str) -> None:
    assert refusal(ec2.delete_vpc, VpcId=vpc) == IN_USE
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    left = group(ec2, vpc, "left")
    assert refusal(ec2.delete_vpc, VpcId=vpc) == IN_USE
    ec2.delete_security_group(GroupId=left)
    ec2.delete_vpc(VpcId=vpc)


@pytest.mark.parametrize("block", ["10.0.0.0/15", "10.0.0.0/29", "127.0.0.0/16", "169.254.0.0/20", "224.0.0.0/16"])
def test_ec2_06_blocks_of_a_vpc(ec2: Any, block: str) -> None:
    assert refusal(ec2.create_vpc, CidrBlock=block) == ("InvalidVpc.Range", 400)


def test_ec2_06_blocks_of_a_subnet(ec2: Any, vpc: str, subnet: str) -> None:
    assert subnet
    for block, code in (
        ("10.0.0.0/29", "InvalidSubnet.Range"),
        ("10.1.0.0/24", "InvalidSubnet.Range"),
        ("10.0.0.128/25", "InvalidSubnet.Conflict"),
        ("ten", "InvalidParameterValue"),
    ):
        assert refusal(ec2.create_subnet, VpcId=vpc, CidrBlock=block) == (code, 400)
    zone = {"CidrBlock": "10.0.9.0/24", "AvailabilityZone": "us-east-1a"}
    assert refusal(ec2.create_subnet, VpcId=vpc, **zone) == INVALID


def test_ec2_07_and_08_private_names(ec2: Any, vpc: str, subnet: str) -> None:
    asked = {"VpcId": vpc, "ServiceName": LOGS, "VpcEndpointType": "Interface", "SubnetIds": [subnet]}
    assert refusal(ec2.create_vpc_endpoint, **asked, PrivateDnsEnabled=True) == PARAMETER
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.create_vpc_endpoint(**asked, PrivateDnsEnabled=True)
    assert refusal(ec2.create_vpc_endpoint, **asked, PrivateDnsEnabled=True) == PARAMETER
    ec2.create_vpc_endpoint(**asked, PrivateDnsEnabled=False)


def test_ec2_09_services_and_types_of_endpoints(ec2: Any, vpc: str, subnet: str) -> None:
    gateway = {"VpcId": vpc, "VpcEndpointType": "Gateway"}
    for name in ("com.amazonaws.us-east-1.s3", "com.amazonaws.us-west-2.nothing"):
        assert refusal(ec2.create_vpc_endpoint, **gateway, ServiceName=name) == ("InvalidServiceName", 400)
    assert refusal(ec2.create_vpc_endpoint, **gateway, ServiceName=LOGS) == PARAMETER
    assert refusal(ec2.create_vpc_endpoint, **gateway, ServiceName=S3, SubnetIds=[subnet]) == PARAMETER


def test_gateway_endpoint_stands_in_its_tables(ec2: Any, vpc: str) -> None:
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3, RouteTableIds=[tables[0]])["VpcEndpoint"]
    assert made["IpAddressType"] == "ipv4"
    endpoint = made["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[tables[1]], RemoveRouteTableIds=[tables[0]])
    found = ec2.describe_route_tables(RouteTableIds=tables)["RouteTables"]
    through = {
        table["RouteTableId"]: [route for route in table["Routes"] if route.get("GatewayId") == endpoint]
        for table in found
    }
    assert [len(through[table]) for table in tables] == [0, 1]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])


def test_ec2_10_launch_templates(ec2: Any, template: tuple[str, str]) -> None:
    name, template_id = template
    data = {"InstanceType": "m6i.large"}
    create = ec2.create_launch_template
    taken = refusal(create, LaunchTemplateName=name, LaunchTemplateData=data)
    assert taken == ("InvalidLaunchTemplateName.AlreadyExistsException", 400)
    malformed = refusal(create, LaunchTemplateName="what?", LaunchTemplateData=data)
    assert malformed == ("InvalidLaunchTemplateName.MalformedException", 400)
    both = {"LaunchTemplateName": name, "LaunchTemplateId": template_id}
    modify = ec2.modify_launch_template
    assert refusal(modify, **both, DefaultVersion="1") == ("InvalidParameterCombination", 400)
    unknown = ("InvalidLaunchTemplateId.VersionNotFound", 400)
    assert refusal(modify, LaunchTemplateId=template_id, DefaultVersion="7") == unknown
    versions = {"LaunchTemplateId": template_id, "Versions": ["7"]}
    assert refusal(ec2.describe_launch_template_versions, **versions) == unknown


def test_ec2_11_user_data(ec2: Any, template: tuple[str, str]) -> None:
    new = ec2.create_launch_template_version
    for data, code in (
        (base64.b64encode(b"x" * 16_385).decode(), INVALID),
        ("not base64!", ("InvalidUserData.Malformed", 400)),
    ):
        assert refusal(new, LaunchTemplateName=template[0], LaunchTemplateData={"UserData": data}) == code
    most = base64.b64encode(b"x" * 16_384).decode()
    new(LaunchTemplateName=template[0], LaunchTemplateData={"UserData": most})


def test_tags_on_creation_need_create_tags(cloud: Cloud) -> None:
    """EC2 asks for ec2:CreateTags besides the creation itself."""
    iam, name = cloud.client("iam"), cloud.name("untagging")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trusts(root(DEV))))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("ec2:AllocateAddress")))
    keys = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=REGION)
    limited = cloud.client_of(session, "ec2")
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "a", "Value": "1"}]}]
    assert refusal(limited.allocate_address, Domain="vpc", TagSpecifications=tags) == ("UnauthorizedOperation", 403)
    address = limited.allocate_address(Domain="vpc")["AllocationId"]
    cloud.client("ec2").release_address(AllocationId=address)
