"""ImageRepository: where images are, for jobs and pods of this and other accounts.

Rests on: clients of the workflows' images push again under the same tag (``main``, a developer's name), so these tags
move. Those of an API or a frontend are releases: a tag that a stack file names stays the same image.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import pulumi
from pulumi_aws import ecr

from .. import rules
from ..access.resources import pull_by, resource_document
from ..checks import Args, Fault, refused

RepositoryPart = Literal["lifecycle", "policy"]
"""What belongs to a repository and is a resource of its own."""

SET_LATER: Final = ("tags", "tagsAll", "imageScanningConfiguration", "imageTagMutability", "encryptionConfigurations")


@dataclass(frozen=True, kw_only=True)
class ImageRepositoryArgs(Args):
    repository: str
    """Its name, which clients have written into them."""
    readers: tuple[str, ...] = ()
    """Other accounts whose jobs pull from it."""
    clusters: tuple[str, ...] = ()
    """Other accounts whose cluster's machines pull from it."""
    moving_tags: bool = False
    """Whether a tag can be pushed again, as another image. False: ECR refuses the push."""
    untagged_days: int = 14
    """An image that lost its tag to a newer one is deleted after this many days."""
    adopt: frozenset[RepositoryPart] | None = None
    """Take in the repository of this name, which exists and has these parts, all as they are; other parts are not made.
    None: the repository is made. The first update without it brings what the other arguments say."""
    retire: bool = False
    """No longer protected; whatever becomes of the resource, AWS keeps the repository and its images."""

    def faults(self) -> Iterator[Fault]:
        yield from refused("repository", self.repository, rules.repository(self.repository))
        for field, accounts in (("readers", self.readers), ("clusters", self.clusters)):
            for one in accounts:
                yield from refused(field, one, rules.account_id(one))
        yield from refused("untagged_days", self.untagged_days, rules.DAYS.fault(self.untagged_days))
        adopt = self.adopt is not None
        yield from refused("adopt", adopt, rules.taken_in(adopt=adopt, retire=self.retire))


class ImageRepository(pulumi.ComponentResource):
    """A repository of images."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: ImageRepositoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:orchestration:ImageRepository", name, None, opts)
        self._args = args
        scanning = ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True)
        repository = ecr.Repository(
            name,
            name=args.repository,
            image_tag_mutability="MUTABLE" if args.moving_tags else "IMMUTABLE",
            image_scanning_configuration=scanning,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=not args.retire,
                retain_on_delete=args.retire,
                import_=None if args.adopt is None else args.repository,
                # An import must find what the program says; the first update after it sets these.
                ignore_changes=None if args.adopt is None else [*SET_LATER],
            ),
        )
        if self._has("lifecycle"):
            policy = lifecycle(args.untagged_days)
            ecr.LifecyclePolicy(name, repository=repository.name, policy=policy, opts=self._options())
        if (args.readers or args.clusters) and self._has("policy"):
            policy = resource_document((pull_by(args.readers, args.clusters),), "repository")
            ecr.RepositoryPolicy(name, repository=repository.name, policy=policy, opts=self._options())
        self.url = repository.repository_url
        self.register_outputs({"url": self.url})

    def _has(self, part: RepositoryPart) -> bool:
        """Whether the repository has the part after this update."""
        return self._args.adopt is None or part in self._args.adopt

    def _options(self) -> pulumi.ResourceOptions:
        """Of a part: a repository that is taken in keeps what it has."""
        adopted = self._args.adopt is not None
        return pulumi.ResourceOptions(
            parent=self,
            import_=self._args.repository if adopted else None,
            ignore_changes=["policy"] if adopted else None,
        )


def lifecycle(untagged_days: int) -> str:
    """Images without a tag go after some days; those with one stay."""
    selection = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": untagged_days,
    }
    rule = {
        "rulePriority": 1,
        "description": f"Without a tag: {untagged_days} days",
        "selection": selection,
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})
