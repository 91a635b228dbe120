"""COUNT attachments of one policy to roles: the resource with the fewest inputs (two texts) that the provider has.

With LEAN, without the SDK's debug messages and the garbage collector, as the portal's own program.
"""

import atexit
import gc
import os

import pulumi
import pulumi_aws as aws

if os.environ.get("LEAN"):
    gc.disable()
    atexit.register(gc.freeze)
    pulumi.log.debug = lambda *_, **__: None
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
