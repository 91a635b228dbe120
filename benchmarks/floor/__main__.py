"""COUNT attachments of one policy to roles: the resource with the fewest inputs (two texts) that the provider has."""

import os

import pulumi
import pulumi_aws as aws

account = os.environ["ACCOUNT"]
provider = aws.Provider(
    "account",
    region="us-west-2",
    allowed_account_ids=[account],
    assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole")],
)
for number in range(int(os.environ["COUNT"])):
    aws.iam.RolePolicyAttachment(
        f"attachment-{number}",
        role=f"role-{number}",
        policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess",
        opts=pulumi.ResourceOptions(provider=provider),
    )
