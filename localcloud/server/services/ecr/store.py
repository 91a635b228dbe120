"""moto's repositories."""

from __future__ import annotations

from moto.ecr.models import Repository, ecr_backends

from localcloud.server.call import Call
from localcloud.server.moto_backend import backend_of, of_account
from localcloud.server.service import Resource


def repository(call: Call) -> Repository | None:
    return ecr_backends[call.account][call.region].repositories.get(call.params["repositoryName"])


def resource(arn: str) -> Resource | None:
    _, _, _, region, account, rest = arn.split(":", 5)
    state = backend_of(ecr_backends, account, region)
    named = state.repositories.get(rest.removeprefix("repository/")) if state else None
    if state is None or named is None:
        return None
    return Resource(owner=account, policy=named.policy, tags=state.tagger.get_tag_dict_for_resource(arn))


def inventory(account: str) -> list[str]:
    return [item.arn for state in of_account(ecr_backends, account) for item in state.repositories.values()]
