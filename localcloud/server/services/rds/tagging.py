"""Tags of everything that has an ARN, and the versions that the engine has."""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import postgres, store, versions
from .model import Tags, as_list, tags_of


def _tags(call: Call) -> Tags:
    arn = call.params["ResourceName"]
    resource = store.find(arn) if arn.count(":") >= 6 else None
    if resource is None:
        raise Refusal("InvalidParameterValue", f"The specified resource name does not match an RDS resource: {arn}")
    return resource.tags


@HOOKS.instead("rds", "ListTagsForResource")
def listed(call: Call) -> Params:
    return {"TagList": as_list(_tags(call))}


@HOOKS.instead("rds", "AddTagsToResource")
def add(call: Call) -> Params:
    _tags(call).update(tags_of(call))
    return {}


@HOOKS.instead("rds", "RemoveTagsFromResource")
def remove(call: Call) -> Params:
    tags = _tags(call)
    for key in call.params["TagKeys"]:
        tags.pop(key, None)
    return {}


@HOOKS.instead("rds", "DescribeDBEngineVersions")
def engine_versions(call: Call) -> Params:
    params = call.params
    if params.get("Engine") not in (None, versions.ENGINE):
        return {"DBEngineVersions": []}
    wanted = params.get("EngineVersion")
    chosen = [one for one in versions.RELEASES if wanted in (None, one, one.split(".")[0])]
    if params.get("DefaultOnly"):
        chosen = [one for one in chosen if one == versions.DEFAULT]
    stand_in = f"here PostgreSQL {postgres.version()} stands in for it"
    return {
        "DBEngineVersions": [
            {
                "Engine": versions.ENGINE,
                "EngineVersion": one,
                "MajorEngineVersion": str(versions.major(one)),
                "DBParameterGroupFamily": versions.family(one),
                "DBEngineDescription": "Aurora (PostgreSQL)",
                "DBEngineVersionDescription": f"Aurora PostgreSQL (Compatible with PostgreSQL {one}; {stand_in})",
                "Status": "available",
                "SupportedEngineModes": ["provisioned"],
                "ValidUpgradeTarget": [
                    {
                        "Engine": versions.ENGINE,
                        "EngineVersion": target,
                        "AutoUpgrade": False,
                        "IsMajorVersionUpgrade": versions.major(target) != versions.major(one),
                    }
                    for target in versions.targets(one)
                ],
            }
            for one in chosen
        ]
    }
