"""Names that the provider makes up: `<logical name>-<7 hex digits>`, within the type's own limit.

The digits come from the engine's seed, so that a preview and the update after it agree; a name made once is kept.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

from localcloud.provider.rules import Rules

_DIGITS: Final = 7


@dataclass(frozen=True)
class Autoname:
    """How one type's name is made. `plain` types take the logical name as it is."""

    field: str
    most: int
    prefix: str = ""
    lower: bool = False
    plain: bool = False


_OWN: Final = {
    "aws_s3_bucket": Autoname("bucket", 63, lower=True),
    "aws_s3_object": Autoname("key", 1024, plain=True),
    "aws_iam_role": Autoname("name", 64),
    "aws_kms_alias": Autoname("name", 238, prefix="alias/"),
    "aws_batch_compute_environment": Autoname("name", 128),
    "aws_batch_job_definition": Autoname("name", 128),
    "aws_batch_job_queue": Autoname("name", 128),
    "aws_cloudwatch_event_target": Autoname("target_id", 64),
    "aws_cloudwatch_metric_alarm": Autoname("alarm_name", 255),
    "aws_db_subnet_group": Autoname("name", 255, lower=True),
    "aws_rds_cluster": Autoname("cluster_identifier", 63, lower=True),
    "aws_rds_cluster_instance": Autoname("identifier", 63, lower=True),
    "aws_rds_cluster_parameter_group": Autoname("name", 255, lower=True),
    "aws_eks_cluster": Autoname("name", 100),
    "aws_ecr_repository": Autoname("name", 256),
    "aws_sqs_queue": Autoname("name", 80),
    "aws_sns_topic": Autoname("name", 80),
}


def rule_for(rules: Rules) -> Autoname | None:
    """The type's naming rule: its own, or that of any optional input called `name`."""
    if rules.tf in _OWN:
        return _OWN[rules.tf]
    name = rules.fields.get("name")
    if name is None or name.kind != "string" or not (name.optional and name.computed):
        return None
    limits = [re.search(r"(?:\.\.|<= )(\d+)", validator.form) for validator in name.validators]
    found = [int(match.group(1)) for match in limits if match]
    return Autoname("name", min([255, *found]))


def make(rule: Autoname, logical: str, seed: bytes) -> str:
    """The name, from the logical name and the engine's seed (a random one when it sent none)."""
    if rule.plain:
        return logical
    base = logical.lower() if rule.lower else logical
    digits = hashlib.sha256(seed or secrets.token_bytes(16)).hexdigest()[:_DIGITS]
    base = base.removeprefix(rule.prefix)
    room = rule.most - len(rule.prefix) - _DIGITS - 1
    return f"{rule.prefix}{base[:room]}-{digits}"
