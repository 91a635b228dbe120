"""ImageRepository: where the workflows' images are, for this and other accounts' jobs.

Rests on: clients push again under the same tag (``main``, a developer's name), so tags move.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws import ecr

from .. import rules
from ..access.resources import pull_by, resource_document
from ..checks import Args, Fault, refused

SET_LATER: Final = ("tags", "tagsAll", "imageScanningConfiguration", "imageTagMutability", "encryptionConfigurations")


@dataclass(frozen=True, kw_only=True)
class ImageRepositoryArgs(Args):
    repository: str
    """Its name, which clients have written into them."""
    readers: tuple[str, ...] = ()
    """Other accounts whose jobs pull from it."""
    clusters: tuple[str, ...] = ()
    """Other accounts whose cluster's machines pull from it."""
    untagged_days: int = 14
    """An image that lost its tag to a newer one is deleted after this many days."""
    adopt: bool = False
    """Take in the repository of this name that exists, whatever its tags and settings."""
    retire: bool = False
    """No longer protected; whatever becomes of the resource, AWS keeps the repository and its images."""

    def faults(self) -> Iterator[Fault]:
        yield from refused("repository", self.repository, rules.repository(self.repository))
        for field, accounts in (("readers", self.readers), ("clusters", self.clusters)):
            for one in accounts:
                yield from refused(field, one, rules.account_id(one))
        yield from refused("untagged_days", self.untagged_days, rules.DAYS.fault(self.untagged_days))
        yield from refused("adopt", self.adopt, rules.taken_in(adopt=self.adopt, retire=self.retire))


class ImageRepository(pulumi.ComponentResource):
    """A repository of images whose tags move."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: ImageRepositoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:orchestration:ImageRepository", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        scanning = ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True)
        repository = ecr.Repository(
            name,
            name=args.repository,
            image_tag_mutability="MUTABLE",
            image_scanning_configuration=scanning,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=not args.retire,
                retain_on_delete=args.retire,
                import_=args.repository if args.adopt else None,
                # An import must find what the program says; the first update after it sets these.
                ignore_changes=list(SET_LATER) if args.adopt else None,
            ),
        )
        ecr.LifecyclePolicy(name, repository=repository.name, policy=lifecycle(args.untagged_days), opts=child)
        if args.readers or args.clusters:
            policy = resource_document((pull_by(args.readers, args.clusters),))
            ecr.RepositoryPolicy(name, repository=repository.name, policy=policy, opts=child)
        self.url = repository.repository_url
        self.register_outputs({"url": self.url})


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
