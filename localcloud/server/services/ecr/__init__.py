"""ECR: moto's repositories, with what AWS refuses about policies, lifecycle rules and tags, and moto takes.

AWS fact: ``registryId`` names the account whose repository is meant; its policy may let others in.
"""

from __future__ import annotations

from localcloud.server.service import Service

from . import store

REPOSITORY = "arn:aws:ecr:{region}:{account}:repository/"

SERVICE = Service(
    name="ecr",
    operations={
        (REPOSITORY + "{repositoryName}",): """BatchCheckLayerAvailability BatchDeleteImage BatchGetImage
            CompleteLayerUpload CreateRepository DeleteLifecyclePolicy DeleteRepository DeleteRepositoryPolicy
            DescribeImages GetDownloadUrlForLayer GetLifecyclePolicy GetRepositoryPolicy InitiateLayerUpload
            ListImages PutImage PutImageScanningConfiguration PutImageTagMutability PutLifecyclePolicy
            SetRepositoryPolicy UploadLayerPart""",
        (REPOSITORY + "{repositoryNames}",): "DescribeRepositories",
        ("{resourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "DescribeRegistry GetAuthorizationToken GetRegistryPolicy GetRegistryScanningConfiguration",
    },
    account=lambda call: str(call.params.get("registryId") or call.caller.account_id),
    tags_on_create={"CreateRepository": "TagResource"},
    resource=store.resource,
    inventory=store.inventory,
    invalid="InvalidParameterException",
    modules=("refusals",),
)
