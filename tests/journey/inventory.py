"""What an account has, by resource type, under the ids that the state has for it: for comparison with the state.

Left out: what AWS makes by itself with something else (a VPC's main route table, the role of Batch, the rule through
which Step Functions follows jobs, the security group of VPC origins).
"""

from __future__ import annotations

from typing import Final

from tests.journey import objects_behind
from tests.journey.conftest import BOOTSTRAP, DEV, STACKS, Cloud, Project
from tests.types import CASES, listing

INHERENT: Final = {
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:sns/topicPolicy:TopicPolicy",
}
"""Settings that AWS gives each bucket and topic from the beginning: there is always one, whoever made it."""
INVENTORY: Final = {
    **{token: listing.objects_in_cluster(token) for token in objects_behind.DRIFTS},
    **{case.token: case.listed for case in CASES if case.listed},
}


def in_account(cloud: Cloud, account: str = DEV) -> dict[str, set[str]]:
    """Ids of everything that the account has, by type."""
    client = lambda service, **config: cloud.client(service, account, **config)  # noqa: E731
    return {kind: listed(client) for kind, listed in INVENTORY.items()}


def made_since(cloud: Cloud, before: dict[str, set[str]], account: str = DEV) -> dict[str, set[str]]:
    """What the account has and did not have before."""
    return {kind: ids - before[kind] for kind, ids in in_account(cloud, account).items()}


def in_state(project: Project, stack: str = "dev") -> dict[str, set[str]]:
    """Ids of what the states of stack and bootstrap hold, of the types that the account was asked for."""
    held = [*project.state(stack), *(project.state(stack, BOOTSTRAP) if stack in STACKS else ())]
    return {kind: {one["id"] for one in held if one["type"] == kind} for kind in INVENTORY}
