"""The provider as tests use it, configured for an account of the local cloud; plain calls play the engine's part."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from localcloud.provider.compare import DiffResult
from localcloud.provider.provider import AwsProvider
from localcloud.provider.results import ReadResult

from .clouds import REGION, Cloud

Inputs = dict[str, Any]
_NAMES = itertools.count()
PREFIXES = {"elbv2": "elasticloadbalancing", "s3control": "s3", "stepfunctions": "states"}
"""IAM's prefix of a service, where it is not botocore's name of it."""


def role_of(account: str) -> str:
    """The role that Organizations makes in the account, as the value of `assumeRoles`."""
    return f'[{{"roleArn":"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"}}]'


def unique(prefix: str) -> str:
    """A name that no other test of this process has."""
    return f"provider-{prefix}-{next(_NAMES)}"


class Engine:
    """What the engine does around the provider: check, then diff, then apply, and keep the state."""

    def __init__(self, provider: AwsProvider) -> None:
        self.provider = provider
        self.made: list[tuple[str, str, Inputs]] = []

    def check(
        self, token: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None, name: str = "one"
    ) -> Inputs:
        """The checked inputs. Fails the test on a refusal."""
        inputs, failures = self.provider.check(token, name, olds or {}, news, b"seed")
        assert failures == []
        return inputs

    def refusals(self, token: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> dict[str, str]:
        """What Check refuses: path → reason."""
        found: dict[str, str] = {}
        for path, reason in self.provider.check(token, "one", olds or {}, news, b"seed")[1]:
            found[path] = f"{found[path]}; {reason}" if path in found else reason
        return found

    def create(self, token: str, news: Mapping[str, Any]) -> tuple[str, Inputs]:
        """Make a resource: (id, state)."""
        resource_id, state = self.provider.create(token, self.check(token, news), preview=False)
        self.made.append((token, resource_id, state))
        return resource_id, state

    def diff(self, token: str, state: Mapping[str, Any], news: Mapping[str, Any]) -> DiffResult:
        """The differences that inputs would make."""
        return self.provider.diff(token, state, self.check(token, news, state))

    def update(self, token: str, resource_id: str, state: Inputs, news: Mapping[str, Any]) -> Inputs:
        """Update in place: the new state."""
        return self.provider.update(token, resource_id, state, self.check(token, news, state), preview=False)

    def read(self, token: str, resource_id: str, inputs: Mapping[str, Any], state: Mapping[str, Any]) -> ReadResult:
        """Read back, as a refresh does; with neither inputs nor state, as an import does."""
        return self.provider.read(token, resource_id, inputs, state)

    @contextmanager
    def calls(self) -> Generator[set[str]]:
        """The operations that the provider calls meanwhile, as ``service:Operation``, the service by IAM's prefix."""
        called, clients = set[str](), dict[str, Any]()
        make = self.provider.session.client

        def client(service: str, region: str = "") -> Any:
            made = make(service, region)
            if f"{service} {region}" not in clients:
                clients[f"{service} {region}"] = made
                made.meta.events.register("before-call", note, unique_id=id(called))
            return made

        def note(model: Any, **_: Any) -> None:
            service = str(model.service_model.service_name)
            called.add(f"{PREFIXES.get(service, service)}:{model.name}")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.provider.session, "client", client)
            try:
                yield called
            finally:
                for made in clients.values():
                    made.meta.events.unregister("before-call", note, unique_id=id(called))

    def sweep(self) -> None:
        """Delete what was made, the last first."""
        for token, resource_id, state in reversed(self.made):
            self.provider.delete(token, resource_id, state)
        self.made.clear()


def paths(result: DiffResult) -> list[str]:
    """The changed paths of a difference."""
    return sorted(change.path for change in result.changes)


def replacing(result: DiffResult) -> list[str]:
    """The paths that force a replacement."""
    return sorted(change.path for change in result.changes if change.replace)


@contextmanager
def engine_in(cloud: Cloud, account: str, *, tagging: bool = True) -> Generator[Engine]:
    """A provider configured for the account as the engineer configures it, and what it made removed at the end.

    `tagging`: whether it gives all resources a tag.
    """
    keys = cloud.credentials
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", cloud.https_url)
        patch.setenv("AWS_CA_BUNDLE", cloud.ca_bundle)
        found = Engine(AwsProvider())
        found.provider.configure(
            {
                "region": REGION,
                "accessKey": keys.access_key_id,
                "secretKey": keys.secret_access_key,
                "assumeRoles": role_of(account),
                "allowedAccountIds": f'["{account}"]',
                **({"defaultTags": {"tags": {"project": "portal"}}} if tagging else {}),
            }
        )
        yield found
        found.sweep()
