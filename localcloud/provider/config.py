"""The provider's own configuration: CheckConfig's checks and the settings that they end in.

An explicit provider's nested values arrive as JSON text (`assumeRoles='[{"roleArn": …}]'`), the default provider's as
they are. A key that this provider doesn't carry out is refused, as is one that pulumi-aws doesn't have.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from localcloud.provider.property_values import UNKNOWN, has_unknown
from localcloud.provider.results import Failures

IGNORED: Final = frozenset({"version", "pluginDownloadURL"})
"""The engine's own keys."""
_BOOLS: Final = frozenset(
    {
        "skipCredentialsValidation", "skipRegionValidation", "skipMetadataApiCheck", "skipRequestingAccountId",
        "s3UsePathStyle",
    }
)  # fmt: skip
_STRINGS: Final = frozenset({"region", "profile", "accessKey", "secretKey", "token", "retryMode", "stsRegion"})
_LISTS: Final = frozenset({"allowedAccountIds", "forbiddenAccountIds"})
_SUPPORTED: Final = _BOOLS | _STRINGS | _LISTS | {"assumeRoles", "defaultTags", "ignoreTags", "maxRetries"}
_UNSUPPORTED: Final = frozenset(
    {
        "assumeRoleWithWebIdentity", "tagPolicyCompliance", "endpoints", "s3UsEast1RegionalEndpoint", "useFipsEndpoint",
        "useDualstackEndpoint", "insecure", "httpProxy", "httpsProxy", "noProxy", "customCaBundle", "userAgents",
        "sharedConfigFiles", "sharedCredentialsFiles", "tokenBucketRateLimiterCapacity", "ec2MetadataServiceEndpoint",
        "ec2MetadataServiceEndpointMode",
    }
)  # fmt: skip
_ROLE_KEYS: Final = {
    "roleArn": "RoleArn", "duration": "DurationSeconds", "externalId": "ExternalId", "policy": "Policy",
    "policyArns": "PolicyArns", "sessionName": "RoleSessionName", "sourceIdentity": "SourceIdentity", "tags": "Tags",
    "transitiveTagKeys": "TransitiveTagKeys",
}  # fmt: skip
_LENGTHS: Final = {"externalId": (2, 1224), "sessionName": (2, 64), "sourceIdentity": (2, 64)}
_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


@dataclass(frozen=True)
class AssumeRole:
    """One element of `assumeRoles`."""

    role_arn: str
    options: Mapping[str, Any]

    def request(self) -> dict[str, Any]:
        """The parameters of AssumeRole."""
        request: dict[str, Any] = {"RoleArn": self.role_arn, "RoleSessionName": "pulumi"}
        for key, value in self.options.items():
            if key == "duration":
                request["DurationSeconds"] = seconds(value)
            elif key == "policyArns":
                request["PolicyArns"] = [{"arn": arn} for arn in value]
            elif key == "tags":
                request["Tags"] = [{"Key": name, "Value": text} for name, text in value.items()]
            elif key != "roleArn":
                request[_ROLE_KEYS[key]] = value
        return request


@dataclass(frozen=True)
class Settings:
    """A provider's configuration, checked."""

    region: str
    profile: str = ""
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    sts_region: str = ""
    retry_mode: str = "standard"
    max_retries: int = 4
    assume_roles: tuple[AssumeRole, ...] = ()
    allowed_account_ids: tuple[str, ...] = ()
    forbidden_account_ids: tuple[str, ...] = ()
    default_tags: Mapping[str, str] = field(default_factory=dict[str, str])
    ignore_keys: frozenset[str] = frozenset()
    ignore_prefixes: tuple[str, ...] = ()
    s3_use_path_style: bool = False
    skip_credentials_validation: bool = False
    skip_requesting_account_id: bool = False

    @property
    def partition(self) -> str:
        """The partition of the region, as ARNs spell it."""
        for prefix, name in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
            if self.region.startswith(prefix):
                return name
        return "aws"


def seconds(duration: str) -> int:
    """Seconds of a Go duration made of hours, minutes and seconds ("1h30m"). Raises ValueError."""
    match = _DURATION.fullmatch(duration)
    if not duration or match is None:
        raise ValueError(f"{duration!r} is not a duration such as 1h or 90m")
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def parsed(news: Mapping[str, Any]) -> dict[str, Any]:
    """The values with JSON text of nested ones taken apart."""
    nested = _SUPPORTED - _STRINGS
    values: dict[str, Any] = {}
    for key, value in news.items():
        if key in nested and isinstance(value, str):
            try:
                values[key] = json.loads(value)
            except ValueError:
                values[key] = value
        else:
            values[key] = value
    return values


def check(news: Mapping[str, Any]) -> Failures:
    """What is wrong with the configuration; nothing here asks the network."""
    values, failures = parsed(news), Failures()
    for key, value in values.items():
        if key in IGNORED or has_unknown(value):
            continue
        if key == "assumeRole":
            failures.append((key, "'aws:assumeRole' is not a configuration key, it should be 'aws:assumeRoles'"))
        elif key in _UNSUPPORTED:
            failures.append((key, f"not supported by the local cloud: aws:config:{key}"))
        elif key not in _SUPPORTED:
            failures.append((key, f"unknown configuration key aws:{key}"))
        else:
            _check_key(key, value, failures)
    if values.get("allowedAccountIds") and values.get("forbiddenAccountIds"):
        failures.append(("allowedAccountIds", "conflicts with forbiddenAccountIds"))
    if not region_of(values):
        failures.append(
            ("region", "no region: set aws:region, the provider's region, AWS_REGION or AWS_DEFAULT_REGION")
        )
    return failures


def region_of(values: Mapping[str, Any]) -> Any:
    """The region, from the configuration or the environment; "" when there is none."""
    return values.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""


def _check_key(key: str, value: Any, failures: Failures) -> None:
    wrong: str | None = None
    if key in _BOOLS and not isinstance(value, bool):
        wrong = f"must be true or false, is {value!r}"
    elif key in _STRINGS and not isinstance(value, str):
        wrong = f"must be text, is {value!r}"
    elif key in ("region", "stsRegion") and not _REGION.fullmatch(str(value)):
        wrong = f"invalid AWS Region: {value}"
    elif key == "retryMode" and value not in ("standard", "adaptive"):
        wrong = f"must be standard or adaptive, is {value!r}"
    elif key == "maxRetries" and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        wrong = f"must be a number of retries, is {value!r}"
    elif key in _LISTS:
        wrong = _check_accounts(value)
    elif key == "assumeRoles":
        failures.extend((key + path, reason) for path, reason in _check_roles(value))
    elif key in ("defaultTags", "ignoreTags"):
        failures.extend((key + path, reason) for path, reason in _check_tags(key, value))
    if wrong is not None:
        failures.append((key, wrong))


def _check_accounts(value: Any) -> str | None:
    if not isinstance(value, list):
        return f"must be a list of account ids, is {value!r}"
    wrong = [
        item for item in value if item is not UNKNOWN and not (isinstance(item, str) and re.fullmatch(r"\d{12}", item))
    ]
    return f"must be 12-digit account ids as text, has {wrong[0]!r}" if wrong else None


def _check_roles(value: Any) -> Failures:
    if not isinstance(value, list):
        return [("", f"must be an array, is {value!r}")]
    failures = Failures()
    for index, role in enumerate(value):
        if not isinstance(role, dict):
            failures.append((f"[{index}]", f"must be an object, is {role!r}"))
            continue
        failures.extend(
            (f"[{index}].{key}", f"unknown key, known are {', '.join(_ROLE_KEYS)}")
            for key in role
            if key not in _ROLE_KEYS
        )
        if not role.get("roleArn"):
            failures.append((f"[{index}].roleArn", "is required"))
        elif not str(role["roleArn"]).startswith("arn:"):
            failures.append((f"[{index}].roleArn", f"must be an ARN, is {role['roleArn']!r}"))
        failures.extend((f"[{index}].{key}", reason) for key, reason in _check_role_options(role))
    return failures


def _check_role_options(role: Mapping[str, Any]) -> Failures:
    failures = Failures()
    for key, (low, high) in _LENGTHS.items():
        if key in role and not low <= len(str(role[key])) <= high:
            failures.append((key, f"must have {low} to {high} characters, has {len(str(role[key]))}"))
    if "duration" in role:
        try:
            if not 900 <= seconds(str(role["duration"])) <= 43200:
                failures.append(("duration", f"must be 15m to 12h, is {role['duration']}"))
        except ValueError as error:
            failures.append(("duration", str(error)))
    return failures


def _check_tags(key: str, value: Any) -> Failures:
    allowed = {"tags"} if key == "defaultTags" else {"keys", "keyPrefixes"}
    if not isinstance(value, dict):
        return [("", f"must be an object, is {value!r}")]
    failures = [
        (f".{name}", f"unknown key, known are {', '.join(sorted(allowed))}") for name in value if name not in allowed
    ]
    tags = value.get("tags", {})
    if not isinstance(tags, dict):
        failures.append((".tags", f"must be a map of text, is {tags!r}"))
    else:
        failures.extend(
            (f".tags.{name}", f"must be text, is {tag!r}") for name, tag in tags.items() if not isinstance(tag, str)
        )
    return failures


def settings(args: Mapping[str, Any]) -> Settings:
    """The settings of a configuration that `check` found nothing wrong with."""
    values = parsed(args)
    ignore: Mapping[str, Any] = values.get("ignoreTags", {})
    from_environment = {
        name.removeprefix("TF_AWS_DEFAULT_TAGS_"): text
        for name, text in os.environ.items()
        if name.startswith("TF_AWS_DEFAULT_TAGS_")
    }
    return Settings(
        region=region_of(values),
        profile=values.get("profile", ""),
        access_key=values.get("accessKey", ""),
        secret_key=values.get("secretKey", ""),
        token=values.get("token", ""),
        sts_region=values.get("stsRegion", ""),
        retry_mode=values.get("retryMode", "standard"),
        max_retries=values.get("maxRetries", 4),
        assume_roles=tuple(AssumeRole(role["roleArn"], role) for role in values.get("assumeRoles", [])),
        allowed_account_ids=tuple(values.get("allowedAccountIds", [])),
        forbidden_account_ids=tuple(values.get("forbiddenAccountIds", [])),
        default_tags={**from_environment, **values.get("defaultTags", {}).get("tags", {})},
        ignore_keys=frozenset(ignore.get("keys", [])),
        ignore_prefixes=tuple(ignore.get("keyPrefixes", [])),
        s3_use_path_style=values.get("s3UsePathStyle", False),
        skip_credentials_validation=values.get("skipCredentialsValidation", False),
        skip_requesting_account_id=values.get("skipRequestingAccountId", False),
    )


def account_fault(account: str, chosen: Settings) -> str | None:
    """Why this account may not be touched, in pulumi-aws's words; None when it may."""
    if account in chosen.forbidden_account_ids:
        return f"AWS account ID not allowed: {account}"
    if chosen.allowed_account_ids and account not in chosen.allowed_account_ids:
        return f"AWS account ID not allowed: {account}"
    return None
