"""moto's keys."""

from __future__ import annotations

from localcloud.server.access.resources import kms_backends
from localcloud.server.moto_backend import backend_of, of_account
from localcloud.server.service import Resource


def resource(arn: str) -> Resource | None:
    _, _, _, region, account, name = arn.split(":", 5)
    state = backend_of(kms_backends, account, region)
    if state is None:
        return None
    if name.startswith("alias/"):
        return Resource(owner=account) if state.alias_exists(name) else None
    key = state.keys.get(name.removeprefix("key/"))
    if key is None:
        return None
    context = {
        "kms:KeyOrigin": [key.origin],
        "kms:KeySpec": [key.key_spec],
        "kms:KeyUsage": [key.key_usage],
        "kms:ResourceAliases": list(key.aliases),
    }
    tags = state.tagger.get_tag_dict_for_resource(key.id)
    return Resource(owner=account, policy=key.policy, tags=tags, context=context)


def inventory(account: str) -> list[str]:
    keys = [key for state in of_account(kms_backends, account) for key in state.keys.values()]
    return [str(key.arn) for key in keys] + [alias.alias_arn for key in keys for alias in key.aliases.values()]
