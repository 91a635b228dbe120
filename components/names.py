"""Names that another account or a client needs, and the ARNs made from them. The one place where they are written.

Clients find an environment's state machine and its two buckets by name, and a policy in one account names roles of
another; so these are fixed. What an environment's orchestrator needs beside them is named in ``naming``.
"""

from __future__ import annotations

from typing import Final

OPERATOR: Final = "cryoet-operator"
BOUNDARY: Final = "cryoet-boundary"
GITHUB_PREVIEW: Final = "cryoet-github-preview"
GITHUB_DEPLOY: Final = "cryoet-github-deploy"
ROLE_VARIABLE: Final = "PORTAL_ROLE"
"""The environment variable that names the role which takes the place of the stack file's: CI's own."""
GITHUB_ISSUER: Final = "token.actions.githubusercontent.com"
ANY_ROLE: Final = "cryoet-*"
"""Matches every role that the program makes."""
JOB_ROLES: Final = "cryoet-ingestion-*"
"""Matches the roles of every environment's jobs, and those that start them."""
REGISTRY_ACCOUNT: Final = "908710317728"
"""Holds the images of the jobs; the clients have it written into them."""
STATE_BUCKETS: Final = "cryoet-pulumi-state-*"
"""Where the engine keeps the state: buckets that are made by hand, before there is any state."""
STATE_KEY: Final = "alias/cryoet-pulumi-state"
"""The KMS key of an account that encrypts the secrets in its stack's state; `portal up` makes it with the stack."""
CLUSTER: Final = "cryoet"
"""The account's Kubernetes cluster. Its log group is made before it, by its name."""
CLUSTER_LOG_GROUP: Final = f"/aws/eks/{CLUSTER}/cluster"
CLUSTER_ROLE: Final = "cryoet-cluster"
"""EKS works with it: machines, load balancer targets, volumes."""
NODE_ROLE: Final = "cryoet-cluster-nodes"
"""The machines of the cluster work with it."""
CLUSTER_KEY: Final = "alias/cryoet-cluster"
"""Encrypts the cluster's Kubernetes Secrets."""
IMPORT_WORKFLOWS, SYNC_WORKFLOWS = "db_import", "sync"
"""How the names of the workflows' files begin whose jobs have a role of their own."""
LOG_PREFIX: Final = "s3/"
"""Where S3 puts access logs in a log bucket; account, region, bucket and date follow in the key."""


def ingest_role(environment: str) -> str:
    return f"cryoet-ingestion-{environment}-ingest"


def import_role(environment: str) -> str:
    return f"cryoet-ingestion-{environment}-import"


def sync_role(bucket_key: str) -> str:
    """The role that releases into the bucket with this key; it lives in the account of the staging bucket."""
    return f"cryoet-sync-{bucket_key}"


def reader_role(reader: str) -> str:
    return f"cryoet-reader-{reader}"


def cdn_log_delivery(bucket_key: str) -> str:
    """The source and the destination of a data CDN's access logs; the log bucket's policy names them."""
    return f"cryoet-{bucket_key}-cdn"


def site_log_delivery(environment: str) -> str:
    """The source and the destination of a site's access logs; the log bucket's policy names them."""
    return f"cryoet-{environment}-site"


def service_role(environment: str, service: str) -> str:
    """What a service's pods work with."""
    return f"cryoet-{environment}-{service}"


def flow_log_role(network: str) -> str:
    return f"cryoet-{network}-flow-log"


def flow_log_group(network: str) -> str:
    """The log of a network's connections; the role that writes it names it."""
    return f"/aws/vpc/cryoet-{network}"


def state_machine(environment: str) -> str:
    """The name the clients compute (``DescribeStateMachine`` at every start)."""
    return f"cryoet-ingestion-{environment}-default-wdl"


def database_secret(environment: str) -> str:
    """The secret the import job reads; Secrets Manager adds a hyphen and six characters in its ARN."""
    return f"{environment}/v2_db_uri"


def database_password(environment: str) -> str:
    """The secret that the database's password is drawn into."""
    return f"{environment}/v2_db_password"


def database_cluster(environment: str) -> str:
    return f"cryoet-{environment}"


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


def role_arn(account: str, role: str) -> str:
    """The ARN of a role by name; an ARN stays as it is."""
    return role if role.startswith("arn:") else f"arn:aws:iam::{account}:role/{role}"


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


def state_machine_arn(account: str, region: str, environment: str) -> str:
    return f"arn:aws:states:{region}:{account}:stateMachine:{state_machine(environment)}"


def execution_arn(account: str, region: str, environment: str) -> str:
    return f"arn:aws:states:{region}:{account}:execution:{state_machine(environment)}:*"


def secret_arn(account: str, region: str, secret: str) -> str:
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{secret}-??????"


def registry_arn(account: str, region: str) -> str:
    """Every image repository of an account."""
    return f"arn:aws:ecr:{region}:{account}:repository/*"
