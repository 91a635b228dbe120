"""Names that another account or a client needs, and the ARNs made from them. The one place where they are written.

Clients find an environment's state machine and its two buckets by name, and a policy in one account names roles of
another; so these are fixed. What an environment's orchestrator needs beside them is named in ``orchestrator_names``.

All begin with the project's prefix. A program has one: it says so by :func:`use_prefix`, before it makes anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import rules

_in_use = {"prefix": "cryoet"}

OPERATOR: str
DATA_BOUNDARY: str
"""The permissions boundary of roles that reach data: jobs, releases, operators, readers, pods."""
DELEGATED_BOUNDARY: str
"""The permissions boundary of roles that services of AWS work with, but EKS: they reach no data."""
CLUSTER_BOUNDARY: str
"""The permissions boundary of the roles that EKS works with."""
DELEGATED_PATH: str
"""The IAM path of the roles whose policies CI may change, within :data:`DELEGATED_BOUNDARY`."""
GITHUB_PREVIEW: str
GITHUB_DRIFT: str
GITHUB_DEPLOY: str
ANY_NAME: str
"""Matches every role and policy that the program names."""
HOST_ROLES: str
"""Matches the roles of jobs' machines. They have no path: with one, a machine that runs jobs would lose its role."""
STATE_BUCKETS: str
"""Where the engine keeps the state: buckets that are made by hand, before there is any state."""
STATE_KEY: str
"""The KMS key of an account that encrypts the secrets in its stack's state; `portal up` makes it with the stack."""
CLUSTER: str
"""The account's Kubernetes cluster. Its log group is made before it, by its name."""
CLUSTER_LOG_GROUP: str
CLUSTER_ROLE: str
"""EKS works with it: machines, load balancer targets, volumes."""
NODE_ROLE: str
"""The machines of the cluster work with it."""
CLUSTER_VIEWERS: str
"""A group of Kubernetes in the cluster, and the role that it has: who looks at the program's objects."""
CLUSTER_DEPLOYERS: str
"""The same for who changes services."""
CLUSTER_KEY: str
"""Encrypts the cluster's Kubernetes Secrets."""
BUDGET: str
"""What the account may cost a month."""
_PREFIXED: Final = {
    "OPERATOR": "{prefix}-operator",
    "DATA_BOUNDARY": "{prefix}-data-boundary",
    "DELEGATED_BOUNDARY": "{prefix}-delegated-boundary",
    "CLUSTER_BOUNDARY": "{prefix}-cluster-boundary",
    "DELEGATED_PATH": "/{prefix}/delegated/",
    "GITHUB_PREVIEW": "{prefix}-github-preview",
    "GITHUB_DRIFT": "{prefix}-github-drift",
    "GITHUB_DEPLOY": "{prefix}-github-deploy",
    "ANY_NAME": "{prefix}-*",
    "HOST_ROLES": "{prefix}-ingestion-*-batch-main-instance",
    "STATE_BUCKETS": "{prefix}-pulumi-state-*",
    "STATE_KEY": "alias/{prefix}-pulumi-state",
    "CLUSTER": "{prefix}",
    "CLUSTER_LOG_GROUP": "/aws/eks/{prefix}/cluster",
    "CLUSTER_ROLE": "{prefix}-cluster",
    "NODE_ROLE": "{prefix}-cluster-nodes",
    "CLUSTER_VIEWERS": "{prefix}-viewers",
    "CLUSTER_DEPLOYERS": "{prefix}-deployers",
    "CLUSTER_KEY": "alias/{prefix}-cluster",
    "BUDGET": "{prefix}-account",
}
"""The names above; each is made when it is asked for, because the prefix may be set after this module is loaded."""
ROLE_VARIABLE: Final = "PORTAL_ROLE"
"""The environment variable that names the role whose session the credentials at hand are: one of CI's."""
CREDENTIAL_VARIABLES: Final = (
    "AWS_ACCESS_KEY_ID", "AWS_CONFIG_FILE", "AWS_DEFAULT_PROFILE", "AWS_PROFILE", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE",
)  # fmt: skip
"""Environment variables by which AWS's clients come to credentials."""
PROVIDER_VARIABLES: Final = {f"PORTAL_{name}": name for name in CREDENTIAL_VARIABLES}
"""What the providers see, by the variable that stands in for it: where ``PORTAL_AWS_PROFILE`` is set, they work with
that profile, and the engine reads its state with the caller's credentials."""
GITHUB_ISSUER: Final = "token.actions.githubusercontent.com"
GITHUB_AUDIENCE: Final = "sts.amazonaws.com"
"""Whom the tokens of GitHub's jobs are meant for."""
IMPORT_WORKFLOWS, SYNC_WORKFLOWS = "db_import", "sync"
"""How the names of the workflows' files begin whose jobs have a role of their own."""
SERVICES: Final = ("api", "frontend")
"""What an environment can serve; the pods of each have a role of its name."""
LOG_PREFIX: Final = "s3/"
"""Where S3 puts access logs in a log bucket; account, region, bucket and date follow in the key."""

if not TYPE_CHECKING:  # a type checker goes by the declarations, and so finds misspelt ones

    def __getattr__(name: str) -> str:
        if name not in _PREFIXED:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return _PREFIXED[name].format(prefix=prefix())


def use_prefix(prefix: str) -> None:
    """Has all names begin with this: 1 to 9 lower-case letters and digits. Raises ValueError."""
    if fault := rules.prefix(prefix):
        raise ValueError(f"prefix: {prefix!r}: {fault}")
    _in_use["prefix"] = prefix


def prefix() -> str:
    """What all names begin with; ``cryoet`` where the program has not said otherwise."""
    return _in_use["prefix"]


def ingest_role(environment: str) -> str:
    return f"{prefix()}-ingestion-{environment}-ingest"


def import_role(environment: str) -> str:
    return f"{prefix()}-ingestion-{environment}-import"


def sync_role(bucket_key: str) -> str:
    """The role that releases into the bucket with this key; it lives in the account of the staging bucket."""
    return f"{prefix()}-sync-{bucket_key}"


def reader_role(reader: str) -> str:
    return f"{prefix()}-reader-{reader}"


def cdn_log_delivery(bucket_key: str) -> str:
    """The source and the destination of a data CDN's access logs; the log bucket's policy names them."""
    return f"{prefix()}-{bucket_key}-cdn"


def site_log_delivery(environment: str) -> str:
    """The source and the destination of a site's access logs; the log bucket's policy names them."""
    return f"{prefix()}-{environment}-site"


def service_role(environment: str, service: str) -> str:
    """What a service's pods work with."""
    return f"{prefix()}-{environment}-{service}"


def roles_of_ci() -> tuple[str, ...]:
    """The roles whose sessions CI's jobs have."""
    return tuple(f"{prefix()}-github-{word}" for word in ("preview", "drift", "deploy"))


def job_roles() -> tuple[str, ...]:
    """Match the roles of every environment's jobs."""
    return ingest_role("*"), import_role("*"), sync_role("*")


def service_roles(environment: str) -> tuple[str, ...]:
    """The roles of the pods of every service that an environment can have."""
    return tuple(service_role(environment, service) for service in SERVICES)


def flow_log_role(network: str) -> str:
    return f"{prefix()}-{network}-flow-log"


def flow_log_group(network: str) -> str:
    """The log of a network's connections; the role that writes it names it."""
    return f"/aws/vpc/{prefix()}-{network}"


def state_machine(environment: str) -> str:
    """The name the clients compute (``DescribeStateMachine`` at every start)."""
    return f"{prefix()}-ingestion-{environment}-default-wdl"


def database_secret(environment: str) -> str:
    """The secret the import job reads; Secrets Manager adds a hyphen and six characters in its ARN."""
    return f"{environment}/v2_db_uri"


def database_password(environment: str) -> str:
    """The secret that the database's password is drawn into."""
    return f"{environment}/v2_db_password"


def database_cluster(environment: str) -> str:
    return f"{prefix()}-{environment}"


def database_drill(cluster: str) -> str:
    """The copy of a cluster that a restore drill makes and removes; its instance has ``-1`` behind it."""
    return f"{cluster[:55].rstrip('-')}-drill"


def database_log_group(cluster: str) -> str:
    """Where RDS publishes a cluster's log."""
    return f"/aws/rds/cluster/{cluster}/postgresql"


def bucket_arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"


def objects_arn(bucket: str, prefix: str = "") -> str:
    return f"arn:aws:s3:::{bucket}/{prefix}*"


def role_arn(account: str, role: str, path: str = "/") -> str:
    """The ARN of a role by name and IAM path; an ARN stays as it is."""
    return role if role.startswith("arn:") else f"arn:aws:iam::{account}:role{path}{role}"


def delegated_roles(account: str) -> str:
    """Matches the ARNs of the roles whose policies CI may change."""
    return role_arn(account, "*", f"/{prefix()}/delegated/")


def policy_arn(account: str, policy: str) -> str:
    return f"arn:aws:iam::{account}:policy/{policy}"


def aws_policy_arn(policy: str) -> str:
    """A policy of AWS's own."""
    return f"arn:aws:iam::aws:policy/{policy}"


def account_arn(account: str) -> str:
    """The account itself: as a principal it stands for every identity there that its own policies allow."""
    return f"arn:aws:iam::{account}:root"


def oidc_provider_arn(account: str, issuer: str) -> str:
    return f"arn:aws:iam::{account}:oidc-provider/{issuer}"


def cluster_arn(account: str, region: str) -> str:
    """The account's Kubernetes cluster."""
    return f"arn:aws:eks:{region}:{account}:cluster/{prefix()}"


def state_machine_arn(account: str, region: str, environment: str) -> str:
    return f"arn:aws:states:{region}:{account}:stateMachine:{state_machine(environment)}"


def execution_arn(account: str, region: str, environment: str) -> str:
    return f"arn:aws:states:{region}:{account}:execution:{state_machine(environment)}:*"


def secret_arn(account: str, region: str, secret: str) -> str:
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{secret}-??????"


def registry_host(account: str, region: str) -> str:
    """ECR's own, with which the names of an account's images begin."""
    return f"{account}.dkr.ecr.{region}.amazonaws.com"


def registry_arn(account: str, region: str) -> str:
    """Every image repository of an account."""
    return f"arn:aws:ecr:{region}:{account}:repository/*"
