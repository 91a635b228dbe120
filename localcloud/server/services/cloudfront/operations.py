"""CloudFront's operations on distributions.

AWS facts: a change is InProgress before it is Deployed; a distribution is deleted once it is disabled and deployed; a
caller reference given again is refused.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import distribution_rules, policy_rules, vpc_origins
from .entities import listed, matching
from .store import Distribution, account, distributions, random_id

SERVICE: Final = "cloudfront"
ENDPOINT: Final = "https://cloudfront.amazonaws.com/2020-05-31"


def _distribution(call: Call, parameter: str = "Id") -> Distribution:
    distribution = account(call.account).distributions.get(call.params[parameter])
    if distribution is None:
        raise Refusal("NoSuchDistribution", "The specified distribution does not exist.", 404)
    return distribution


def _answer(one: Distribution) -> Params:
    groups = {group for behavior in one.behaviors for group in behavior["TrustedKeyGroups"].get("Items") or []}
    return {
        "Id": one.id,
        "ARN": one.arn,
        "Status": "Deployed" if one.deployed else "InProgress",
        "LastModifiedTime": one.modified,
        "InProgressInvalidationBatches": 0,
        "DomainName": one.domain_name,
        "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
        "ActiveTrustedKeyGroups": {"Enabled": bool(groups), "Quantity": len(groups)},
        "DistributionConfig": one.config,
    }


def _location(one: Distribution) -> str:
    return f"{ENDPOINT}/distribution/{one.id}"


@HOOKS.instead(SERVICE, "CreateDistribution", "CreateDistributionWithTags")
def create_distribution(call: Call) -> Params:
    given: Params = call.params
    tags: list[dict[str, str]] = []
    if "DistributionConfigWithTags" in given:
        given = given["DistributionConfigWithTags"]
        tags = given.get("Tags", {}).get("Items") or []
    cloudfront, config = account(call.account), given["DistributionConfig"]
    for one in cloudfront.distributions.values():
        if one.config["CallerReference"] == config["CallerReference"]:
            text = f"The caller reference that you are using to create a distribution is associated with {one.id}."
            raise Refusal("DistributionAlreadyExists", text, 409)
    checked = distribution_rules.checked(call, cloudfront, config)
    distribution = Distribution(
        id=random_id("E"),
        account=call.account,
        config=checked,
        tags={tag["Key"]: tag.get("Value", "") for tag in tags},
    )
    cloudfront.distributions[distribution.id] = distribution
    call.response_status = 201
    return {"Distribution": _answer(distribution), "Location": _location(distribution), "ETag": distribution.etag}


@HOOKS.instead(SERVICE, "GetDistribution", "GetDistributionConfig")
def get_distribution(call: Call) -> Params:
    one = _distribution(call)
    one.deployed = True
    if call.operation == "GetDistributionConfig":
        return {"DistributionConfig": one.config, "ETag": one.etag}
    return {"Distribution": _answer(one), "ETag": one.etag}


@HOOKS.instead(SERVICE, "UpdateDistribution")
def update_distribution(call: Call) -> Params:
    one, config = _distribution(call), call.params["DistributionConfig"]
    matching(call, one)
    if config["CallerReference"] != one.config["CallerReference"]:
        raise Refusal("IllegalUpdate", "The caller reference of a distribution cannot be changed.", 400)
    one.change(distribution_rules.checked(call, account(call.account), config, own=one))
    one.deployed = False
    return {"Distribution": _answer(one), "ETag": one.etag}


@HOOKS.instead(SERVICE, "AssociateAlias")
def associate_alias(call: Call) -> Params:
    """Moves an alias here from the distribution that has it."""
    target = account(call.account).distributions.get(call.params["TargetDistributionId"])
    if target is None:
        raise Refusal("NoSuchDistribution", "The specified distribution does not exist.", 404)
    alias, others = call.params["Alias"], [one for one in distributions() if one is not target]
    distribution_rules.check_moved_alias(alias, target, next((o for o in others if alias in o.aliases), None))
    for one in others:
        if alias in one.aliases:
            _set_aliases(one, [name for name in one.aliases if name != alias])
    if alias not in target.aliases:
        _set_aliases(target, [*target.aliases, alias])
    return {}


def _set_aliases(one: Distribution, aliases: list[str]) -> None:
    one.change({**one.config, "Aliases": {"Quantity": len(aliases), **({"Items": aliases} if aliases else {})}})


@HOOKS.instead(SERVICE, "DeleteDistribution")
def delete_distribution(call: Call) -> Params:
    one = _distribution(call)
    matching(call, one)
    if one.config["Enabled"] or not one.deployed:
        text = "The distribution you are trying to delete has not been disabled."
        raise Refusal("DistributionNotDisabled", text, 409)
    del account(call.account).distributions[one.id]
    call.response_status = 204
    return {}


@HOOKS.instead(SERVICE, "ListDistributions")
def list_distributions(call: Call) -> Params:
    distributions = account(call.account).distributions.values()
    return {"DistributionList": listed(call, [_summary(one) for one in distributions])}


def _summary(one: Distribution) -> Params:
    whole = {**one.config, **{key: value for key, value in _answer(one).items() if key != "DistributionConfig"}}
    left_out = ("CallerReference", "DefaultRootObject", "Logging", "InProgressInvalidationBatches")
    return {key: value for key, value in whole.items() if key not in left_out and not key.startswith("ActiveTrusted")}


def _tags(call: Call) -> dict[str, str]:
    arn = str(call.params["Resource"])
    distribution = account(call.account).distributions.get(arn.rpartition("/")[2])
    if distribution is not None and distribution.arn == arn:
        return distribution.tags
    tags = vpc_origins.tags_of(call, arn)
    if tags is None:
        raise Refusal("NoSuchResource", "The specified resource does not exist.", 404)
    return tags


@HOOKS.instead(SERVICE, "TagResource", "UntagResource", "ListTagsForResource")
def tags_of(call: Call) -> Params:
    tags = _tags(call)
    if call.operation == "TagResource":
        tags |= {tag["Key"]: tag.get("Value", "") for tag in call.params["Tags"].get("Items") or []}
    elif call.operation == "UntagResource":
        for key in call.params["TagKeys"].get("Items") or []:
            tags.pop(key, None)
    else:
        return {"Tags": {"Items": [{"Key": key, "Value": value} for key, value in tags.items()]}}
    call.response_status = 204
    return {}


@HOOKS.instead(SERVICE, "CreateInvalidation")
def create_invalidation(call: Call) -> Params:
    one = _distribution(call, "DistributionId")
    batch = call.params["InvalidationBatch"]
    policy_rules.invalidation(batch)
    invalidation = {
        "Id": random_id("I"),
        "Status": "Completed",
        "CreateTime": datetime.now(UTC),
        "InvalidationBatch": batch,
    }
    one.invalidations.append(invalidation)
    call.response_status = 201
    return {"Invalidation": invalidation, "Location": f"{_location(one)}/invalidation/{invalidation['Id']}"}


@HOOKS.instead(SERVICE, "GetInvalidation")
def get_invalidation(call: Call) -> Params:
    for invalidation in _distribution(call, "DistributionId").invalidations:
        if invalidation["Id"] == call.params["Id"]:
            return {"Invalidation": invalidation}
    raise Refusal("NoSuchInvalidation", "The specified invalidation does not exist.", 404)


@HOOKS.instead(SERVICE, "ListInvalidations")
def list_invalidations(call: Call) -> Params:
    invalidations = _distribution(call, "DistributionId").invalidations
    rows = [{key: one[key] for key in ("Id", "Status", "CreateTime")} for one in invalidations]
    return {"InvalidationList": listed(call, rows)}
