"""The provider's functions that programs here call; any other is an error naming it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.session import Session

Result = dict[str, Any]


def invoke(token: str, args: Mapping[str, Any], session: Session) -> Result:
    """The function's result by Pulumi names. Raises ProviderError for an unknown function or argument."""
    if token not in _TABLE:
        raise ProviderError(f"not supported by the local cloud: function {token}")
    allowed, function = _TABLE[token]
    wrong = sorted(set(args) - allowed)
    if wrong:
        raise ProviderError(f"{token}: not supported by the local cloud: argument {', '.join(wrong)}")
    return function(args, session)


def _caller_identity(_args: Mapping[str, Any], session: Session) -> Result:
    identity = session.client("sts").get_caller_identity()
    account = identity["Account"]
    return {"accountId": account, "arn": identity["Arn"], "userId": identity["UserId"], "id": account}


def _partition(_args: Mapping[str, Any], session: Session) -> Result:
    partition = session.settings.partition
    if partition != "aws":
        raise ProviderError(f"not supported by the local cloud: partition {partition}")
    return {"partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws", "id": "aws"}


def _region(args: Mapping[str, Any], session: Session) -> Result:
    region = str(args.get("region") or args.get("name") or session.settings.region)
    described = _descriptions(session)
    if region not in described:
        raise ProviderError(f"region {region!r} is not known")
    return {
        "region": region,
        "name": region,
        "id": region,
        "description": described[region],
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _descriptions(session: Session) -> dict[str, str]:
    """Region → its name in words, from botocore's own endpoint data."""
    data = session.endpoint_data()
    partition = next(item for item in data["partitions"] if item["partition"] == session.settings.partition)
    return {name: region["description"] for name, region in partition["regions"].items()}


_TABLE: Final[dict[str, tuple[frozenset[str], Callable[[Mapping[str, Any], Session], Result]]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": (frozenset(), _caller_identity),
    "aws:index/getPartition:getPartition": (frozenset(), _partition),
    "aws:index/getRegion:getRegion": (frozenset({"region", "name"}), _region),
}
