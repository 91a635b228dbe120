"""aws:ecr/repository:Repository, aws:ecr/repositoryPolicy:RepositoryPolicy and aws:ecr/lifecyclePolicy:LifecyclePolicy.

Their id is the repository's name. AWS facts: a repository with images is deleted by force alone; how it is encrypted is
settled when it is made; documents are answered as text.
"""

from typing import Any, ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.plan import FLAGS, REFUSED
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_common import optional

GONE: Final = frozenset(
    {"RepositoryNotFoundException", "RepositoryPolicyNotFoundException", "LifecyclePolicyNotFoundException"}
)


class Repository(Resource):
    """A repository of images."""

    tf = "aws_ecr_repository"
    pulumi = "aws:ecr/repository:Repository"
    awaits_removal = True
    handles = frozenset({"name", "image_tag_mutability", "image_scanning_configuration", "encryption_configuration"})
    steers: ClassVar = {"force_delete": None}
    autoname = Autoname("name", 256)
    plan_rules = (
        ("name, encryption_configuration", FLAGS),
        ("image_tag_mutability_exclusion_filter only", REFUSED),
    )

    def create(self, op: Operation) -> str:
        tags = as_list(op.new["tags_all"])
        made = op.client("ecr").create_repository(
            repositoryName=op.new["name"],
            imageTagMutability=op.new["image_tag_mutability"],
            imageScanningConfiguration={"scanOnPush": _scan(op)},
            **_encryption(op.new.get("encryption_configuration") or []),
            **({"tags": tags} if tags else {}),
        )
        return str(made["repository"]["repositoryName"])

    def read(self, op: Operation) -> State | None:
        ecr, name = op.client("ecr"), op.resource_id
        answer = optional(lambda: ecr.describe_repositories(repositoryNames=[name]), GONE)
        if answer is None:
            return None
        found = answer["repositories"][0]
        encryption = found.get("encryptionConfiguration") or {"encryptionType": "AES256"}
        return {
            "arn": found["repositoryArn"],
            "name": name,
            "registry_id": found["registryId"],
            "repository_url": found["repositoryUri"],
            "image_tag_mutability": found["imageTagMutability"],
            "image_scanning_configuration": {"scan_on_push": found["imageScanningConfiguration"]["scanOnPush"]},
            "encryption_configuration": [
                {"encryption_type": encryption["encryptionType"], "kms_key": encryption.get("kmsKey", "")}
            ],
            "tags_all": as_map(ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]),
        }

    def update(self, op: Operation) -> None:
        ecr, name = op.client("ecr"), op.resource_id
        if "image_tag_mutability" in op.changed:
            ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability=op.new["image_tag_mutability"])
        if "image_scanning_configuration" in op.changed:
            wanted = {"scanOnPush": _scan(op)}
            ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration=wanted)
        op.retag(
            lambda keys: ecr.untag_resource(resourceArn=op.old["arn"], tagKeys=keys),
            lambda tags: ecr.tag_resource(resourceArn=op.old["arn"], tags=as_list(tags)),
        )

    def delete(self, op: Operation) -> None:
        forced = bool(op.old.get("force_delete"))
        optional(lambda: op.client("ecr").delete_repository(repositoryName=op.resource_id, force=forced), GONE)


def _scan(op: Operation) -> bool:
    return bool((op.new.get("image_scanning_configuration") or {}).get("scan_on_push"))


def _encryption(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    if not blocks:
        return {}
    key = blocks[0].get("kms_key")
    wanted = {"encryptionType": blocks[0]["encryption_type"], **({"kmsKey": key} if key else {})}
    return {"encryptionConfiguration": wanted}


class RepositoryPolicy(Resource):
    """Who else may use a repository."""

    tf = "aws_ecr_repository_policy"
    pulumi = "aws:ecr/repositoryPolicy:RepositoryPolicy"
    handles = frozenset({"repository", "policy"})

    def create(self, op: Operation) -> str:
        name = str(op.new["repository"])
        op.client("ecr").set_repository_policy(repositoryName=name, policyText=op.new["policy"])
        return name

    def read(self, op: Operation) -> State | None:
        found = optional(lambda: op.client("ecr").get_repository_policy(repositoryName=op.resource_id), GONE)
        if found is None:
            return None
        return {"repository": op.resource_id, "policy": found["policyText"], "registry_id": found["registryId"]}

    def update(self, op: Operation) -> None:
        op.client("ecr").set_repository_policy(repositoryName=op.resource_id, policyText=op.new["policy"])

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("ecr").delete_repository_policy(repositoryName=op.resource_id), GONE)


class LifecyclePolicy(Resource):
    """Which images of a repository are deleted. Another policy is another resource: nothing is updated."""

    tf = "aws_ecr_lifecycle_policy"
    pulumi = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
    handles = frozenset({"repository", "policy"})
    plan_rules = (("policy change", FLAGS),)

    def create(self, op: Operation) -> str:
        name = str(op.new["repository"])
        op.client("ecr").put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=op.new["policy"])
        return name

    def read(self, op: Operation) -> State | None:
        found = optional(lambda: op.client("ecr").get_lifecycle_policy(repositoryName=op.resource_id), GONE)
        if found is None:
            return None
        return {
            "repository": op.resource_id,
            "policy": found["lifecyclePolicyText"],
            "registry_id": found["registryId"],
        }

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("ecr").delete_lifecycle_policy(repositoryName=op.resource_id), GONE)
