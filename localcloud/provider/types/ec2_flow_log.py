"""aws:ec2/flowLog:FlowLog. All but tags is fixed when it is made.

AWS facts: the call answers 200 with what failed under `Unsuccessful`; flow logs to CloudWatch Logs need a role that
writes them, those to S3 none. The log group's ARN may end in `:*` in a program, never in AWS's answer.
"""

from typing import Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import FLAGS, RELATION
from localcloud.provider.resource import Operation, State
from localcloud.provider.session import PROPAGATION_SECONDS
from localcloud.provider.types.ec2_common import Ec2Resource, Found, first, given

_WATCHED: Final = {"vpc_id": "VPC", "subnet_id": "Subnet", "eni_id": "NetworkInterface"}
_PLAIN: Final = {
    "traffic_type": "TrafficType",
    "log_destination_type": "LogDestinationType",
    "log_destination": "LogDestination",
    "iam_role_arn": "DeliverLogsPermissionArn",
    "log_format": "LogFormat",
    "max_aggregation_interval": "MaxAggregationInterval",
}
_PREFIXES: Final = {"vpc": "vpc_id", "subnet": "subnet_id", "eni": "eni_id"}


class FlowLog(Ec2Resource):
    """A record of connections."""

    tf = "aws_flow_log"
    pulumi = "aws:ec2/flowLog:FlowLog"
    kind = "vpc-flow-log"
    handles = frozenset({*_WATCHED, *_PLAIN})
    plan_rules = (
        ("exactly one of vpc_id", RELATION),
        ("every input except tags", FLAGS),
    )

    def make(self, op: Operation) -> str:
        watched = {name: str(op.new[name]) for name in _WATCHED if op.new.get(name)}
        (name, resource), *_ = watched.items()
        request: Found = {
            **given(op, _PLAIN),
            **self.tags(op),
            "ResourceIds": [resource],
            "ResourceType": _WATCHED[name],
        }
        request |= (
            {"LogDestination": request["LogDestination"].removesuffix(":*")} if "LogDestination" in request else {}
        )
        made = op.retry(lambda: op.client("ec2").create_flow_logs(**request), _role_unknown, PROPAGATION_SECONDS)
        failed = first(made.get("Unsuccessful", []))
        if failed is not None:
            raise ProviderError(f"flow log of {resource}: {failed['Error']['Code']}: {failed['Error']['Message']}")
        return str(made["FlowLogIds"][0])

    def find(self, op: Operation) -> Found | None:
        return first(op.client("ec2").describe_flow_logs(FlowLogIds=[op.resource_id])["FlowLogs"])

    def attributes(self, op: Operation, found: Found) -> State:
        given_arn = str(op.old.get("log_destination") or "")
        destination = found.get("LogDestination", "")
        if given_arn.removesuffix(":*") == destination:
            destination = given_arn
        return {
            "arn": self.arn(op),
            **{name: found.get(api, "") for name, api in _PLAIN.items()},
            "log_destination": destination,
            _PREFIXES[found["ResourceId"].split("-")[0]]: found["ResourceId"],
        }

    def remove(self, op: Operation) -> None:
        if self.find(op) is not None:
            op.client("ec2").delete_flow_logs(FlowLogIds=[op.resource_id])


def _role_unknown(error: Exception) -> bool:
    """A role that was just made is not known everywhere yet."""
    return "Unable to assume given IAM role" in str(error)
