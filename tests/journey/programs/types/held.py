"""What the cases lie in and lead to: the same in every variant."""

from __future__ import annotations

import re

import pulumi
import pulumi_aws as aws
from inputs import EAST, distribution, trust

PAIR = ("one", "other")


def hold(opts: pulumi.ResourceOptions) -> dict[str, pulumi.CustomResource]:
    """By the name that cases know it by."""
    roles = _roles(opts)
    held: dict[str, pulumi.CustomResource] = {**roles, **_networks(opts)}
    for which in PAIR:
        held[f"{which}-bucket"] = aws.s3.Bucket(f"{which}-bucket", bucket=f"types-{which}", opts=opts)
        held[f"{which}-log"] = aws.cloudwatch.LogGroup(f"{which}-log", name=f"types-{which}", opts=opts)
        held[f"{which}-queue"] = aws.sqs.Queue(f"{which}-queue", name=f"types-{which}", opts=opts)
        held[f"{which}-topic"] = aws.sns.Topic(f"{which}-topic", name=f"types-{which}", opts=opts)
        held |= _logged(which, opts)
        held[f"{which}-images"] = aws.ecr.Repository(f"{which}-images", name=f"types-{which}", opts=opts)
    pattern = '{"source": ["aws.states"]}'
    held["rule"] = aws.cloudwatch.EventRule("rule", name="types-held", event_pattern=pattern, opts=opts)
    held["profile"] = profile = aws.iam.InstanceProfile("profile", role=held["one-role"].id, opts=opts)
    held["machines"] = aws.batch.ComputeEnvironment(
        "machines",
        name="types-held",
        type="MANAGED",
        compute_resources=aws.batch.ComputeEnvironmentComputeResourcesArgs(
            type="EC2",
            max_vcpus=16,
            instance_types=["r5d"],
            instance_role=profile.arn,
            subnets=[held["one-subnet"].id],
            security_group_ids=[held["one-group"].id],
        ),
        opts=opts,
    )
    return {**held, **_databases(held, opts), **_serving(held, roles, opts)}


def _databases(
    held: dict[str, pulumi.CustomResource], opts: pulumi.ResourceOptions
) -> dict[str, pulumi.CustomResource]:
    subnet_ids = [held[f"{which}-subnet"].id for which in PAIR]
    subnets = aws.rds.SubnetGroup("subnets", name="types-held", subnet_ids=subnet_ids, opts=opts)
    cluster = aws.rds.Cluster(
        "cluster",
        cluster_identifier="types-held",
        engine="aurora-postgresql",
        engine_version="17.10",
        master_username="portal",
        master_password="a-password-of-a-type",
        db_subnet_group_name=subnets.name,
        serverlessv2_scaling_configuration={"min_capacity": 0.5, "max_capacity": 1},
        skip_final_snapshot=True,
        opts=opts,
    )
    secret = aws.secretsmanager.Secret("secret", name="types-held", recovery_window_in_days=0, opts=opts)
    return {"subnets": subnets, "cluster": cluster, "secret": secret}


def _serving(
    held: dict[str, pulumi.CustomResource], roles: dict[str, aws.iam.Role], opts: pulumi.ResourceOptions
) -> dict[str, pulumi.CustomResource]:
    """A cluster with an entry, load balancers with a listener each, and keys."""
    subnet_ids = [held[f"{which}-subnet"].id for which in PAIR]
    kubernetes = aws.eks.Cluster(
        "kubernetes",
        name="types-held",
        version="1.36",
        role_arn=roles["control-role"].arn,
        access_config=aws.eks.ClusterAccessConfigArgs(authentication_mode="API"),
        vpc_config=aws.eks.ClusterVpcConfigArgs(subnet_ids=subnet_ids),
        opts=opts,
    )
    entry = aws.eks.AccessEntry("entry", cluster_name=kubernetes.name, principal_arn=roles["flow-role"].arn, opts=opts)
    added: dict[str, pulumi.CustomResource] = {"kubernetes": kubernetes, "entry": entry}
    nothing = aws.lb.ListenerDefaultActionArgs(
        type="fixed-response",
        fixed_response=aws.lb.ListenerDefaultActionFixedResponseArgs(content_type="text/plain", status_code="404"),
    )
    for which in PAIR:
        balancer = aws.lb.LoadBalancer(
            f"{which}-balancer", name=f"types-{which}", internal=True, subnets=subnet_ids, opts=opts
        )
        listener = aws.lb.Listener(
            f"{which}-listener", load_balancer_arn=balancer.arn, port=80, default_actions=[nothing], opts=opts
        )
        key = aws.kms.Key(f"{which}-key", deletion_window_in_days=7, opts=opts)
        added |= {f"{which}-balancer": balancer, f"{which}-listener": listener, f"{which}-key": key}
    return added


def _logged(which: str, opts: pulumi.ResourceOptions) -> dict[str, pulumi.CustomResource]:
    """Two distributions: one for the cases to log, one that is logged already."""
    given = {snake(key): value for key, value in distribution().items()}
    free = aws.cloudfront.Distribution(f"{which}-distribution", **given, opts=opts)
    logged = aws.cloudfront.Distribution(f"{which}-logged", **given, opts=opts)
    source = aws.cloudwatch.LogDeliverySource(
        f"{which}-source",
        name=f"types-{which}",
        log_type="ACCESS_LOGS",
        resource_arn=logged.arn,
        region=EAST,
        opts=opts,
    )
    destination = aws.cloudwatch.LogDeliveryDestination(
        f"{which}-destination",
        name=f"types-{which}",
        delivery_destination_configuration=aws.cloudwatch.LogDeliveryDestinationDeliveryDestinationConfigurationArgs(
            destination_resource_arn=f"arn:aws:s3:::types-{which}"
        ),
        region=EAST,
        opts=opts,
    )
    return {
        f"{which}-distribution": free,
        f"{which}-logged": logged,
        f"{which}-source": source,
        f"{which}-destination": destination,
    }


def snake(name: str) -> str:
    """An input's name as the SDK has it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _roles(opts: pulumi.ResourceOptions) -> dict[str, aws.iam.Role]:
    services = {
        "one-role": "ec2",
        "other-role": "ec2",
        "flow-role": "vpc-flow-logs",
        "states-role": "states",
        "control-role": "eks",
        "pods-role": "pods.eks",
        "other-pods-role": "pods.eks",
    }
    return {
        name: aws.iam.Role(name, name=f"types-{name}", assume_role_policy=trust(f"{service}.amazonaws.com"), opts=opts)
        for name, service in services.items()
    }


def _networks(opts: pulumi.ResourceOptions) -> dict[str, pulumi.CustomResource]:
    vpcs = {
        f"{which}-vpc": aws.ec2.Vpc(f"{which}-vpc", cidr_block=f"10.{number}.0.0/16", opts=opts)
        for number, which in enumerate((*PAIR, "third"))
    }
    vpc = vpcs["one-vpc"].id
    held: dict[str, pulumi.CustomResource] = {**vpcs}
    held["internet"] = internet = aws.ec2.InternetGateway("internet", vpc_id=vpc, opts=opts)
    for number, which in enumerate(PAIR):
        block = f"10.0.{number}.0/24"
        zone = f"us-west-2{'ab'[number]}"
        held[f"{which}-subnet"] = aws.ec2.Subnet(
            f"{which}-subnet", vpc_id=vpc, cidr_block=block, availability_zone=zone, opts=opts
        )
        held[f"{which}-table"] = aws.ec2.RouteTable(f"{which}-table", vpc_id=vpc, opts=opts)
        held[f"{which}-group"] = aws.ec2.SecurityGroup(f"{which}-group", vpc_id=vpc, opts=opts)
        held[f"{which}-address"] = aws.ec2.Eip(f"{which}-address", domain="vpc", opts=opts)
    address = aws.ec2.Eip("nat-address", domain="vpc", opts=opts)
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[internet]))
    subnet = held["one-subnet"].id
    held["nat"] = aws.ec2.NatGateway("nat", subnet_id=subnet, allocation_id=address.id, opts=after)
    return held
