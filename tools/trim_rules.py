"""Copy the rules of the resource types in use into the provider's package data, without the prose.

    python tools/trim_rules.py SOURCE_FOLDER

SOURCE_FOLDER holds one JSON file a type. Which types: `localcloud.provider.types.TABLE`. What is wrong in the source
and was found so by a test or by the API is put right in `CORRECTIONS`, with the reason.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from localcloud.provider.rules import RULES  # noqa: E402 (the path to the package comes first)
from localcloud.provider.types import TABLE  # noqa: E402
from tools import trim_delivery, trim_orchestration  # noqa: E402

KEPT = ("tf", "framework", "pulumi", "inputs", "outputs", "pulumi_names", "custom_diff", "import_id", "id", "autoname")
KEPT_INPUT = (
    "type", "required", "optional", "computed", "force_new", "default", "enum", "elem_enum", "validate",
    "elem_validate", "conflicts_with", "exactly_one_of", "at_least_one_of", "required_with", "min_items", "max_items",
    "diff_suppress", "pulumi_required", "pulumi_name", "children_rule", "force_new_if", "sensitive", "write_only",
    "attribute_mode",
)  # fmt: skip
PEERS = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
# (type, input): {rule: right value}
CORRECTIONS: dict[tuple[str, str], dict[str, Any]] = {
    # The source gives IAM's name rule; KMS's own follows from the type's notes and from CreateAlias.
    ("aws_kms_alias", "name"): {"validate": "regex ^alias/[a-zA-Z0-9/_-]+$"},
    ("aws_kms_alias", "name_prefix"): {"validate": "regex ^alias/[a-zA-Z0-9/_-]+$"},
    # Names of Go constants, not of their values.
    ("aws_s3_bucket", "grant.type"): {"validate": "one of CanonicalUser, Group"},
    ("aws_s3_bucket", "replication_configuration.rules.delete_marker_replication_status"): {
        "validate": "one of Enabled"
    },
    # "max" is 128, as the rest of the same expression says.
    ("aws_iam_role", "inline_policy.name"): {"validate": r"len 1..128; regex ^[\w+=,.@-]*$"},
    # In the SDK, missing in the source.
    ("aws_s3_bucket", "server_side_encryption_configuration.rule.blocked_encryption_types"): {
        "type": "list(string)", "optional": True, "computed": True,
    },
    # Names of Go constants, and Terraform's word where Pulumi has its own.
    ("aws_vpc", "instance_tenancy"): {"validate": "one of default, dedicated"},
    ("aws_security_group", "description"): {"default": "Managed by Pulumi"},
    # Ranges of numbers, said as a list.
    ("aws_vpc", "ipv6_netmask_length"): {"validate": "", "enum": [44, 48, 52, 56, 60]},
    ("aws_subnet", "ipv6_netmask_length"): {"validate": "", "enum": [44, 48, 52, 56, 60, 64]},
    # Two alternatives of which the second is what makes the first optional.
    ("aws_launch_template", "block_device_mappings.ebs.kms_key_id"): {"validate": ""},
    # In attribute mode: an empty list is a wish, not a missing one.
    **{
        (tf, direction): {"attribute_mode": True}
        for tf in ("aws_security_group", "aws_default_security_group")
        for direction in ("ingress", "egress")
    },
    # What Pulumi computes for every type: on the newer kind of type the source has it as an output.
    **{
        (f"aws_vpc_security_group_{direction}_rule", "tags_all"): {
            "type": "map(string)", "optional": True, "computed": True,
        }
        for direction in ("ingress", "egress")
    },
    # Said in the type's rules for a change in words.
    **{
        (f"aws_vpc_security_group_{direction}_rule", name): {
            "exactly_one_of": [*PEERS], "force_new_if": "set or unset",
        }
        for direction in ("ingress", "egress")
        for name in PEERS
    },
    **trim_orchestration.CORRECTIONS,
    **trim_delivery.CORRECTIONS,
}  # fmt: skip
TYPES = {"nullable.typenullablebool": "string"}
"""Types of the source that are others for a program: a boolean that may be unset is text."""


def trim(data: dict[str, Any]) -> dict[str, Any]:
    """The part of one file that the provider reads. False flags are left out: absent means false."""
    kept = {key: data[key] for key in KEPT if key in data}
    inputs: dict[str, Any] = {}
    for path, rule in data["inputs"].items():
        rules = {
            key: rule[key]
            for key in KEPT_INPUT
            if key in rule and (rule[key] is not False or key in ("default", "pulumi_required"))
        }
        inputs[path] = _spelled({**rules, "type": TYPES.get(rules["type"], rules["type"])})
    for (tf, path), right in CORRECTIONS.items():
        if tf == data["tf"]:
            inputs[path] = {**inputs.get(path, {}), **right}
    kept["inputs"] = inputs
    kept["outputs"] = [{"name": output["name"], "type": output["type"]} for output in data["outputs"]]
    if data.get("delete_before_replace"):
        kept["delete_before_replace"] = True
    return kept


def _spelled(rules: dict[str, Any]) -> dict[str, Any]:
    """Ranges without Go's `_` in numbers; a list of words in any case as a pattern, since state has capitals alone."""
    text = re.sub(r"(?<=\d)_(?=\d)", "", rules.get("validate", "")).replace("math.MaxInt32", str(2**31 - 1))
    if text == "case-insensitive":
        words = "|".join(rules.pop("enum"))
        return {**rules, "validate": f"regex (?i)^({words})$", "diff_suppress": text}
    return {**rules, "validate": text} if text else rules


def main(source: Path) -> None:
    """Write the trimmed files and remove those of types no longer in use."""
    found = set[str]()
    for file in RULES.glob("*.json"):
        file.unlink()
    for path in sorted(source.glob("aws_*.json")):
        data = json.loads(path.read_text())
        if data["pulumi"] in TABLE:
            found.add(data["pulumi"])
            rules = trim(trim_delivery.plain(data))
            (RULES / path.name).write_text(json.dumps(rules, indent=1, ensure_ascii=False) + "\n")
    missing = set(TABLE) - found
    if missing:
        raise SystemExit(f"no rules for {', '.join(sorted(missing))} in {source}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
