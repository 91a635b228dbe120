"""What AWS allows as a name, an account, a region or a network: each rule says what is wrong, or None.

Settings and components both check with these, so that a rule is written once. Sources: S3 user guide "General purpose
bucket naming rules"; IAM user guide "IAM and AWS STS quotas"; VPC user guide "VPC CIDR blocks"; RFC 1918. No network,
no AWS SDK: the region list is kept here and a test compares it with botocore's.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple


class Bounds(NamedTuple):
    """The least and the most of a number."""

    least: int
    most: int

    def fault(self, value: int) -> str | None:
        return None if self.least <= value <= self.most else f"{self.least} to {self.most}"


DAYS: Final = Bounds(1, 3_650)
"""After which S3 or ECR deletes."""
TIER_DAYS: Final = Bounds(0, 3_650)
"""After which S3 moves an object to a cheaper tier."""
MONTHLY_USD: Final = Bounds(1, 10_000_000)
"""Of a budget. AWS has no upper bound."""
ALERT_PERCENT: Final = Bounds(1, 1_000)
"""Of a budget's sum. AWS allows 1,000,000."""

REGIONS: Final = frozenset(
    {
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)
"""The regions of the partition ``aws``; policies and names here are written for that partition alone."""

RESERVED_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")
PRIVATE_NETWORKS: Final = tuple(
    ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
WIDEST, NARROWEST = 16, 20
RETENTION_DAYS: Final = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""The days that CloudWatch Logs knows."""
MOST_ALERTS, MOST_ADDRESSES = 5, 10
"""Of a budget, and of each of its alerts (AWS Budgets, CreateBudget)."""

_ROLE = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(?:[!-~]+/)?([\w+=,.@-]{1,64})", re.ASCII)
_PRINCIPAL = re.compile(r"arn:aws:iam::(\d{12}):(user|role)/([\w+=,.@/*?-]+)", re.ASCII)
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@([a-z0-9-]+\.)+[a-z]{2,}", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r"[\w \t.:/=+@-]*")
_IMAGE_TAG, _IMAGE_DIGEST = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", r"sha256:[0-9a-f]{64}"
_IMAGE_PART = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"({_IMAGE_PART}(:[0-9]{{1,5}})?/)?{_IMAGE_PART}(/{_IMAGE_PART})*"
    rf"(:{_IMAGE_TAG}(@{_IMAGE_DIGEST})?|@{_IMAGE_DIGEST})"
)


_BUCKET_RULES: Final[tuple[tuple[str, str], ...]] = (
    (r".{3,63}", "a bucket name has 3 to 63 characters"),
    (r"[^.]*", "no dots: the TLS certificate of S3 doesn't cover a bucket name with a dot"),
    (r"[a-z0-9-]*", "a bucket name has lower-case letters, digits and hyphens only"),
    (r"[^-].*[^-]", "a bucket name begins and ends with a letter or digit"),
    (rf"(?!{'|'.join(RESERVED_PREFIXES)}).*", f"S3 reserves the prefixes {', '.join(RESERVED_PREFIXES)}"),
    (
        rf".*(?<!{')(?<!'.join(map(re.escape, RESERVED_SUFFIXES))})",
        f"S3 reserves {', '.join(RESERVED_SUFFIXES)} as ends",
    ),
)


def bucket_name(name: str) -> str | None:
    """S3: 3-63 of ``a-z0-9-``. A dot is legal in S3 but not here, nor is what looks like an IP address then."""
    return next((rule for pattern, rule in _BUCKET_RULES if not re.fullmatch(pattern, name, re.DOTALL)), None)


def account_id(value: str) -> str | None:
    return None if re.fullmatch(r"[0-9]{12}", value) else "an account id is 12 digits, in quotes"


def region(value: str) -> str | None:
    return None if value in REGIONS else "not an AWS region; one of " + ", ".join(sorted(REGIONS))


def role(value: str) -> str | None:
    """A role's name, or its ARN."""
    if _ROLE.fullmatch(value) or _ROLE_ARN.fullmatch(value):
        return None
    return "a role is a name of 1 to 64 of A-Z a-z 0-9 + = , . @ _ - or arn:aws:iam::ACCOUNT:role/NAME"


def role_of_account(value: str, account: str) -> str | None:
    """A role's name, or an ARN that names this account."""
    match = _ROLE_ARN.fullmatch(value)
    return f"must be a role of the account {account}" if match and match[1] != account else None


def principal_pattern(value: str) -> str | None:
    """Who may assume a role: one user or role of a named account; the path and name may have ``*`` and ``?``."""
    match = _PRINCIPAL.fullmatch(value)
    if not match:
        return "write arn:aws:iam::ACCOUNT:user/NAME or arn:aws:iam::ACCOUNT:role/NAME; only the name may have * or ?"
    if not match[3].strip("*?/"):
        return "this would match everyone in the account; name the users or roles"
    return None


def principal(value: str) -> str | None:
    """One user or role of a named account."""
    match = _PRINCIPAL.fullmatch(value)
    if not match or "*" in match[3] or "?" in match[3]:
        return "write arn:aws:iam::ACCOUNT:role/NAME or arn:aws:iam::ACCOUNT:user/NAME, without * or ?"
    return None


def account_of_principal(value: str) -> str:
    """The account of a pattern that passed :func:`principal_pattern`."""
    return value.split(":")[4]


def network(value: str) -> str | None:
    """An account's address range: private (RFC 1918), /16 to /20, written as its network address."""
    try:
        block = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        return "an address range is written like 10.32.0.0/16"
    if "/" not in value or str(block) != value:
        return f"a range is written as its network address: {block}"
    if not any(block.subnet_of(private) for private in PRIVATE_NETWORKS):
        return "a range lies in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)"
    if not WIDEST <= block.prefixlen <= NARROWEST:
        return f"a range is /{WIDEST} to /{NARROWEST}: smaller ones have no room for three zones of subnets"
    return None


def tag_key(value: str) -> str | None:
    if not 1 <= len(value) <= 128 or not _TAG.fullmatch(value):
        return "a tag's key has 1 to 128 letters, digits, spaces and . : / = + @ _ -"
    return "AWS reserves tags that begin with aws:" if value.lower().startswith("aws:") else None


def tag_value(value: str) -> str | None:
    if len(value) > 256 or not _TAG.fullmatch(value):
        return "a tag's value has at most 256 letters, digits, spaces and . : / = + @ _ -"
    return None


def cors_origin(value: str) -> str | None:
    if value == "*" or re.fullmatch(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?", value):
        return None
    return "an origin is * or like https://portal.example.org, without a path"


def host(value: str) -> str | None:
    """A host name that a certificate can be had for: whole, in lower case, 64 characters at most."""
    if len(value) <= 64 and re.fullmatch(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", value):
        return None
    return "a host name is like files.example.org: lower case, at most 64 characters, no wildcard"


def zone_id(value: str) -> str | None:
    return None if re.fullmatch(r"Z[A-Z0-9]{1,31}", value) else "a zone's id is like Z0123456789ABCDEFGHIJ"


def addresses(value: str) -> str | None:
    """A network of public addresses for an address list. AWS WAF knows no /0."""
    try:
        block = ipaddress.ip_network(value)
    except ValueError:
        return "a network is written as its network address, like 192.0.2.0/24 or 2001:db8::/32"
    return "would be everybody; leave the list out instead" if block.prefixlen == 0 else None


RESERVED_NETWORKS: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
"""IPv4 networks that nobody comes from over the internet: IANA's special-purpose addresses and multicast."""


def endpoint_network(value: str) -> str | None:
    """A network that may reach the public endpoint of a cluster. EKS: these blocks can't include reserved addresses."""
    if fault := addresses(value):
        return fault
    block = ipaddress.ip_network(value)
    if block.version != 4:
        return "EKS takes IPv4 networks alone"
    reserved = [one for one in RESERVED_NETWORKS if block.overlaps(ipaddress.IPv4Network(one))]
    if not reserved:
        return None
    return (
        f"nobody comes from {', '.join(reserved)} over the internet (private or reserved), and EKS refuses it; give "
        "the public address that `up` runs from, which https://checkip.amazonaws.com shows"
    )


def public_key(value: str) -> str | None:
    """What CloudFront takes to check signatures; whether the key's kind fits (RSA 2048 or P-256), AWS says."""
    if re.fullmatch(r"\s*-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\s*", value):
        return None
    return "a public key is PEM text: -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----"


def github_repository(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", value):
        return None
    return "a repository is written owner/name; wildcards would let others in"


def github_name(value: str) -> str | None:
    """A GitHub environment or branch as it stands in a token's subject."""
    return (
        None if re.fullmatch(r"[A-Za-z0-9._/@-]{1,100}", value) else "letters, digits and . _ / @ - only; no wildcards"
    )


def github_subject_prefix(value: str) -> str | None:
    """How the subjects of a repository's tokens begin: with its name, or with the ids of owner and repository too."""
    part = r"[A-Za-z0-9._-]{1,100}(@[0-9]{1,20})?"
    if re.fullmatch(f"repo:{part}/{part}", value):
        return None
    return "is written repo:OWNER/NAME or repo:OWNER@ID/NAME@ID; wildcards would let others in"


def prefix(value: str) -> str | None:
    """What the names of a program's resources begin with. IAM allows a role's name 64 characters, of which the longest
    that is made (an environment's machines' role) needs 55 behind it."""
    if re.fullmatch(r"[a-z][a-z0-9]{0,8}", value):
        return None
    return "1 to 9 lower-case letters and digits, beginning with a letter"


def name_part(value: str) -> str | None:
    """A word in bucket names."""
    if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", value):
        return None
    return "1 to 32 lower-case letters, digits and hyphens, no hyphen at an end"


def web_address(value: str) -> str | None:
    """An address to which an object's key is added behind a slash."""
    if re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*", value):
        return None
    return "an address is like https://files.example.org, without a slash at its end"


def word(value: str) -> str | None:
    """A key of the stack file that becomes part of fixed names."""
    if re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value) and len(value) <= 24:
        return None
    return "1 to 24 lower-case letters, digits and single hyphens, beginning with a letter"


def zone(value: str) -> str | None:
    """An availability zone by name; whether the region has it, AWS alone knows."""
    if value[:-1] in REGIONS and re.fullmatch(r"[a-z]", value[-1:]):
        return None
    return "a zone is its region and a letter, like us-west-2a"


def retention_days(value: int) -> str | None:
    if value in RETENTION_DAYS:
        return None
    return "CloudWatch Logs keeps for " + ", ".join(str(days) for days in sorted(RETENTION_DAYS)) + " days"


def repository(value: str) -> str | None:
    """An image repository's name in ECR."""
    if re.fullmatch(r"(?=.{2,256}$)[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*", value):
        return None
    return "2 to 256 lower-case letters, digits and single . _ - /"


def tiering(tier_days: int | None, expire_days: int | None) -> str | None:
    """When objects move, beside when they are deleted."""
    if tier_days is None or not expire_days or tier_days < expire_days:
        return None
    return "must be less than expire_days"


def taken_in(*, adopt: bool, retire: bool) -> str | None:
    """Of something that exists already."""
    return "is taken in or retired, not both" if adopt and retire else None


def image(value: str) -> str | None:
    """A container image as Docker names it, with a tag, a digest or both: then the digest alone counts, and the tag is
    for readers."""
    if not _IMAGE.fullmatch(value):
        return "an image is written with its tag, its digest or both, like ghcr.io/owner/name:v1.0.0"
    return None if len(value.partition("@")[0]) <= 255 else "ECS takes 255 characters, those of a digest not counted"


def image_tag(value: str) -> str | None:
    if re.fullmatch(_IMAGE_TAG, value):
        return None
    return "a tag has 1 to 128 letters, digits and . _ -, and begins with a letter, a digit or _"


def image_digest(value: str) -> str | None:
    return None if re.fullmatch(_IMAGE_DIGEST, value) else "a digest is sha256: and 64 of 0-9 a-f"


def variable(value: str) -> str | None:
    """An environment variable's name."""
    return None if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) else "letters, digits and _, not a digit first"


def absolute_path(value: str) -> str | None:
    if re.fullmatch(r"(/[A-Za-z0-9._-]+)+", value) and ".." not in value:
        return None
    return "a folder from / on, of letters, digits and . _ -"


def machine_image(value: str) -> str | None:
    return (
        None
        if re.fullmatch(r"ami-([0-9a-f]{8}|[0-9a-f]{17})", value)
        else "a machine image is written like ami-0123456789abcdef0"
    )


def database_identifier(value: str) -> str | None:
    """A cluster's name in RDS, with room for what is added to it in the names of its parts."""
    if re.fullmatch(r"(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        return None
    return "1 to 40 lower-case letters, digits and single hyphens, beginning with a letter"


def database_name(value: str) -> str | None:
    if value in ("postgres", "rdsadmin", "template0", "template1"):
        return "is there in each cluster already, and not the portal's"
    return None if re.fullmatch(r"[a-z][a-z0-9]{0,62}", value) else "1 to 63 lower-case letters and digits"


def database_user(value: str) -> str | None:
    """The master user of an Aurora PostgreSQL cluster."""
    if value in ("admin", "postgres", "public", "rdsadmin", "rdsrepladmin", "rdstopmgr") or value.startswith("pg"):
        return "is reserved by PostgreSQL or RDS"
    return None if re.fullmatch(r"[a-z][a-z0-9]{0,15}", value) else "1 to 16 lower-case letters and digits"


def kms_key(value: str) -> str | None:
    if re.fullmatch(r"arn:aws:kms:[a-z0-9-]+:\d{12}:key/[0-9a-f-]{36}", value):
        return None
    return "a key is written arn:aws:kms:REGION:ACCOUNT:key/ID"


def email(value: str) -> str | None:
    if len(value) <= 254 and _EMAIL.fullmatch(value):
        return None
    return "an e-mail address is like portal-costs@example.org"


def alert_addresses(values: tuple[str, ...]) -> str | None:
    """Whom AWS Budgets tells of one alert."""
    if 1 <= len(values) <= MOST_ADDRESSES and len(set(values)) == len(values):
        return None
    return f"1 to {MOST_ADDRESSES} different addresses: AWS tells no more of one alert"


def alert_percents(values: tuple[int, ...]) -> str | None:
    """The alerts of a budget on what was spent; the forecast's is one more."""
    most = MOST_ALERTS - 1
    if 1 <= len(values) <= most and len(set(values)) == len(values):
        return None
    return f"1 to {most} different numbers: a budget has {MOST_ALERTS} alerts, of which one is a forecast's"
