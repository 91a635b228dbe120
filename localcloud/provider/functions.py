"""The provider's functions that programs here call; any other is an error naming it.

What is not there is an error too, as the provider words it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.session import Session
from localcloud.provider.types.iam_common import GONE, document
from localcloud.provider.types.s3_common import ABSENT, optional

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


def _eks_cluster(args: Mapping[str, Any], session: Session) -> Result:
    name = str(args["name"])
    found = session.client("eks").describe_cluster(name=name)["cluster"]
    compute, network = found["computeConfig"], found["kubernetesNetworkConfig"]
    setups = found["logging"]["clusterLogging"]
    return {
        **{member: found[member] for member in ("arn", "name", "platformVersion", "roleArn", "status", "version")},
        "id": name,
        "region": session.settings.region,
        "accessConfigs": [found["accessConfig"]],
        "certificateAuthorities": [found["certificateAuthority"]] if found["certificateAuthority"] else [],
        "computeConfigs": [{"nodeRoleArn": "", **compute}],
        "createdAt": found["createdAt"].isoformat(),
        "deletionProtection": found["deletionProtection"],
        "enabledClusterLogTypes": [one for setup in setups if setup["enabled"] for one in setup["types"]],
        "endpoint": found.get("endpoint", ""),
        "identities": [{"oidcs": [found["identity"]["oidc"]]}] if "identity" in found else [],
        "kubernetesNetworkConfigs": [
            {
                "elasticLoadBalancings": [network["elasticLoadBalancing"]],
                "ipFamily": network["ipFamily"],
                "serviceIpv4Cidr": network["serviceIpv4Cidr"],
            }
        ],
        "storageConfigs": [{"blockStorages": [found["storageConfig"]["blockStorage"]]}],
        "tags": found["tags"],
        "upgradePolicies": [found["upgradePolicy"]],
        "vpcConfig": found["resourcesVpcConfig"],
        "zonalShiftConfigs": [found["zonalShiftConfig"]],
    }


def _addon_version(args: Mapping[str, Any], session: Session) -> Result:
    name, kubernetes = str(args["addonName"]), str(args["kubernetesVersion"])
    asked = {"addonName": name, "kubernetesVersion": kubernetes}
    infos = session.client("eks").describe_addon_versions(**asked)["addons"]
    builds = [one for info in infos for one in info["addonVersions"]]
    default = (one for one in builds if one["compatibilities"][0]["defaultVersion"])
    chosen = _single(f"EKS Add-On version ({name})", builds[:1] if args.get("mostRecent") else [*default])
    region = session.settings.region
    return {
        **asked,
        "id": name,
        "mostRecent": bool(args.get("mostRecent")),
        "region": region,
        "version": chosen["addonVersion"],
    }


def _random_password(args: Mapping[str, Any], session: Session) -> Result:
    flags = {
        "ExcludeCharacters": args.get("excludeCharacters"),
        "ExcludeLowercase": args.get("excludeLowercase"),
        "ExcludeNumbers": args.get("excludeNumbers"),
        "ExcludePunctuation": args.get("excludePunctuation"),
        "ExcludeUppercase": args.get("excludeUppercase"),
        "IncludeSpace": args.get("includeSpace"),
        "PasswordLength": args.get("passwordLength"),
        "RequireEachIncludedType": args.get("requireEachIncludedType"),
    }
    asked = {name: value for name, value in flags.items() if value is not None}
    drawn = session.client("secretsmanager").get_random_password(**asked)["RandomPassword"]
    region = session.settings.region
    return {**args, "id": region, "region": region, "randomPassword": drawn}


def _secret_version(args: Mapping[str, Any], session: Session) -> Result:
    asked = {"SecretId": str(args["secretId"])}
    asked |= {api: str(args[name]) for name, api in _VERSIONS.items() if args.get(name)}
    found = session.client("secretsmanager").get_secret_value(**asked)
    return {
        "arn": found["ARN"],
        "createdDate": found["CreatedDate"].isoformat(),
        "id": f"{asked['SecretId']}|{found['VersionId']}",
        "region": session.settings.region,
        "secretBinary": "",
        "secretId": asked["SecretId"],
        "secretString": found.get("SecretString", ""),
        "versionId": found["VersionId"],
        "versionStages": found["VersionStages"],
    }


_VERSIONS: Final = {"versionId": "VersionId", "versionStage": "VersionStage"}
_DRAWN: Final = frozenset(
    {
        "excludeCharacters", "excludeLowercase", "excludeNumbers", "excludePunctuation", "excludeUppercase",
        "includeSpace", "passwordLength", "requireEachIncludedType",
    }
)  # fmt: skip


def _managed_prefix_list(args: Mapping[str, Any], session: Session) -> Result:
    """By its id, its name or filters, which together mean exactly one."""
    filters = [{"Name": one["name"], "Values": list(one["values"])} for one in args.get("filters") or []]
    if args.get("name"):
        filters.append({"Name": "prefix-list-name", "Values": [str(args["name"])]})
    ids = {"PrefixListIds": [str(args["id"])]} if args.get("id") else {}
    region = str(args.get("region") or session.settings.region)
    ec2 = session.client("ec2", region)
    matching = ec2.describe_managed_prefix_lists(**ids, **({"Filters": filters} if filters else {}))["PrefixLists"]
    if len(matching) != 1:
        raise ProviderError(f"reading EC2 Managed Prefix List: {len(matching)} matched; exactly one must")
    [found] = matching
    entries = ec2.get_managed_prefix_list_entries(PrefixListId=found["PrefixListId"])["Entries"]
    return {
        "addressFamily": found["AddressFamily"],
        "arn": found["PrefixListArn"],
        "entries": [{"cidr": one["Cidr"], "description": one.get("Description", "")} for one in entries],
        "filters": args.get("filters") or [],
        "id": found["PrefixListId"],
        "maxEntries": found.get("MaxEntries", 0),
        "name": found["PrefixListName"],
        "ownerId": found["OwnerId"],
        "region": region,
        "tags": {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])},
        "version": found.get("Version", 0),
    }


def _policy(args: Mapping[str, Any], session: Session) -> Result:
    iam, arn = session.client("iam"), str(args["arn"])
    found = optional(lambda: iam.get_policy(PolicyArn=arn), GONE)
    if found is None:
        raise ProviderError(f"reading IAM policy ({arn}): couldn't find resource")
    policy = found["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    return {
        "arn": arn,
        "attachmentCount": policy["AttachmentCount"],
        "description": policy.get("Description", ""),
        "id": arn,
        "name": policy["PolicyName"],
        "path": policy["Path"],
        "policy": document(version["Document"]),
        "policyId": policy["PolicyId"],
        "tags": {tag["Key"]: tag["Value"] for tag in policy.get("Tags", [])},
    }


def _account_block(args: Mapping[str, Any], session: Session) -> Result:
    account = str(args.get("accountId") or session.account_id)
    found = optional(lambda: session.client("s3control").get_public_access_block(AccountId=account), ABSENT)
    if found is None:
        raise ProviderError(f"reading S3 Account Public Access Block ({account}): couldn't find resource")
    block = found["PublicAccessBlockConfiguration"]
    return {"accountId": account, "id": account, **{key[:1].lower() + key[1:]: value for key, value in block.items()}}


def _records(args: Mapping[str, Any], session: Session) -> Result:
    zone, wanted = str(args["zoneId"]), re.compile(str(args.get("nameRegex") or ""))
    pages = session.client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
    sets = [one for page in pages for one in page["ResourceRecordSets"] if wanted.search(one["Name"])]
    return {
        "id": zone,
        "zoneId": zone,
        "nameRegex": args.get("nameRegex"),
        "resourceRecordSets": [
            {"name": one["Name"], "type": one["Type"], "ttl": one.get("TTL"), "setIdentifier": one.get("SetIdentifier")}
            for one in sets
        ],
    }


def _single(what: str, found: list[Result]) -> Result:
    if not found:
        raise ProviderError(f"reading {what}: empty result")
    return found[0]


_TABLE: Final[dict[str, tuple[frozenset[str], Callable[[Mapping[str, Any], Session], Result]]]] = {
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": (
        frozenset({"filters", "id", "name", "region"}),
        _managed_prefix_list,
    ),
    "aws:eks/getAddonVersion:getAddonVersion": (
        frozenset({"addonName", "kubernetesVersion", "mostRecent"}),
        _addon_version,
    ),
    "aws:eks/getCluster:getCluster": (frozenset({"name"}), _eks_cluster),
    "aws:iam/getPolicy:getPolicy": (frozenset({"arn"}), _policy),
    "aws:index/getCallerIdentity:getCallerIdentity": (frozenset(), _caller_identity),
    "aws:index/getPartition:getPartition": (frozenset(), _partition),
    "aws:index/getRegion:getRegion": (frozenset({"region", "name"}), _region),
    "aws:route53/getRecords:getRecords": (frozenset({"nameRegex", "zoneId"}), _records),
    "aws:s3/getAccountPublicAccessBlock:getAccountPublicAccessBlock": (frozenset({"accountId"}), _account_block),
    "aws:secretsmanager/getRandomPassword:getRandomPassword": (_DRAWN, _random_password),
    "aws:secretsmanager/getSecretVersion:getSecretVersion": (frozenset({"secretId", *_VERSIONS}), _secret_version),
}
