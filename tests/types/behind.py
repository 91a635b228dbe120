"""What somebody changes by boto3 behind Pulumi's back in the stack dev: what several types' drifts share."""

from __future__ import annotations

import json
from typing import Any

from tests.journey.programs.types.inputs import document
from tests.localcloud.clouds import PUBLIC
from tests.types.case import Aws, Drift, Held

EAST = "us-east-1"


def changed(word: str, **members: Any) -> Any:
    """Some members of a CloudFront configuration."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in word)

    def change(aws: Aws, held: Held) -> None:
        client = aws("cloudfront")
        one = getattr(client, f"get{snake}")(Id=held["id"])
        config = {**one[word][f"{word}Config"], **members}
        getattr(client, f"update{snake}")(Id=held["id"], IfMatch=one["ETag"], **{f"{word}Config": config})

    return change


def logs(aws: Aws) -> Any:
    return aws("logs", region_name=EAST)


ELSEWHERE = {"CidrIpv4": "10.0.0.0/8", "IpProtocol": "-1"}


def tagged(name: str) -> tuple[Drift]:
    """Somebody else's tag."""
    tags = [{"Key": "who", "Value": "else"}]
    return (
        Drift(
            name=name,
            change=lambda aws, held: aws("ec2").create_tags(Resources=[held["id"]], Tags=tags),
            shows="tags",
        ),
    )


def open_group(aws: Aws, held: Held) -> None:
    opened = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    aws("ec2").authorize_security_group_ingress(GroupId=held["id"], IpPermissions=[opened])


def out_directly(aws: Aws, held: Held) -> None:
    """The private subnets' way out by the internet gateway instead."""
    [gateway] = [one["InternetGatewayId"] for one in internet_gateways(aws)]
    route = {"RouteTableId": held["routeTableId"], "DestinationCidrBlock": held["destinationCidrBlock"]}
    aws("ec2").replace_route(**route, GatewayId=gateway)


def internet_gateways(aws: Aws) -> list[dict[str, Any]]:
    return [one for one in aws("ec2").describe_internet_gateways()["InternetGateways"] if one["Attachments"]]


EXPIRE = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}


KEEP_ONE = json.dumps({"rules": [{"rulePriority": 1, "selection": EXPIRE, "action": {"type": "expire"}}]})


PULL = document(Effect="Allow", Principal={"AWS": f"arn:aws:iam::{PUBLIC}:root"}, Action="ecr:BatchGetImage")


PASS = json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}})


def allow_all(action: str, resource: str) -> str:
    return document(Effect="Allow", Principal={"Service": "events.amazonaws.com"}, Action=action, Resource=resource)


def retarget(aws: Aws, held: Held) -> None:
    """Messages straight into the queue for those that were lost."""
    dead = held["deadLetterConfig"]["arn"]
    aws("events").put_targets(Rule=held["rule"], Targets=[{"Id": held["targetId"], "Arn": dead}])


def queue_policy(aws: Aws, held: Held) -> None:
    sqs = aws("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=held["id"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=held["id"], Attributes={"Policy": allow_all("sqs:*", arn)})


def silence(aws: Aws, held: Held) -> None:
    """The alarm as it is, but for its threshold."""
    cloudwatch = aws("cloudwatch")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[held["name"]])["MetricAlarms"]
    names = (
        "AlarmName AlarmDescription AlarmActions OKActions Namespace MetricName Dimensions Statistic Period"
        " EvaluationPeriods ComparisonOperator TreatMissingData"
    )
    cloudwatch.put_metric_alarm(**{name: alarm[name] for name in names.split()}, Threshold=1000)


STAGING, EMBARGO = "cryoet-data-portal-staging", "cryoet-data-portal-embargo"


WDL = "cryoet-swipe-wdl-staging"


OPERATOR = "cryoet-operator"


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


NOBODY = document(Effect="Deny", Principal="*", Action="s3:*", Resource=f"arn:aws:s3:::{STAGING}/*")


NOTHING = document(Effect="Allow", Action="s3:ListAllMyBuckets", Resource="*")


CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.org"]}]}


LIFECYCLE = {"Rules": [{"ID": "other", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}]}


OPEN = {"BlockPublicAcls": False, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


KMS = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}


ELSEWHERE_OF_STORAGE = {"LoggingEnabled": {"TargetBucket": "cryoet-data-portal-logs-dev", "TargetPrefix": "elsewhere/"}}


OTHER = [{"Key": "kind", "Value": "other"}]


OTHER_TAG = {"who": "else"}


ELSEWHERE_OF_SERVING = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/elsewhere"]}}]


def cheaper_support(aws: Aws, held: Held) -> None:
    """AWS would go on to support the version for money, in place of upgrading the cluster."""
    aws("eks").update_cluster_config(name=held["id"], upgradePolicy={"supportType": "EXTENDED"})
    aws("eks").get_waiter("cluster_active").wait(name=held["id"], WaiterConfig={"Delay": 1})


def entry(held: Held) -> dict[str, str]:
    return {"clusterName": held["clusterName"], "principalArn": held["principalArn"]}


def other_key(aws: Aws, held: Held) -> None:
    """Which is then to be deleted."""
    key = aws("kms").create_key(Description="Somebody's")["KeyMetadata"]["KeyId"]
    aws("kms").update_alias(AliasName=held["name"], TargetKeyId=key)
    aws("kms").schedule_key_deletion(KeyId=key)


def block_all(aws: Aws, held: Held) -> None:
    """The web ACL as it is, but that it lets nobody through."""
    client, named = aws("wafv2", region_name=EAST), {"Name": held["name"], "Scope": "CLOUDFRONT", "Id": held["id"]}
    found = client.get_web_acl(**named)
    kept = {key: found["WebACL"][key] for key in ("Description", "Rules", "VisibilityConfig")}
    client.update_web_acl(**named, **kept, LockToken=found["LockToken"], DefaultAction={"Block": {}})
