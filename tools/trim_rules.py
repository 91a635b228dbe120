"""Copy the rules of the resource types in use into the provider's package data, without the prose.

    python tools/trim_rules.py SOURCE_FOLDER

SOURCE_FOLDER holds one JSON file a type. Which types: `localcloud.provider.types.TABLE`. What is wrong in the source
and was found so by a test or by the API is put right in `CORRECTIONS`, with the reason.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from localcloud.provider.rules import RULES  # noqa: E402 (the path to the package comes first)
from localcloud.provider.types import TABLE  # noqa: E402

KEPT = ("tf", "framework", "pulumi", "inputs", "outputs", "pulumi_names", "custom_diff", "import_id", "id", "autoname")
KEPT_INPUT = (
    "type", "required", "optional", "computed", "force_new", "default", "enum", "elem_enum", "validate",
    "elem_validate", "conflicts_with", "exactly_one_of", "at_least_one_of", "required_with", "min_items", "max_items",
    "diff_suppress", "pulumi_required", "pulumi_name", "children_rule", "force_new_if", "sensitive", "write_only",
)  # fmt: skip
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
}  # fmt: skip


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
        inputs[path] = rules
    for (tf, path), right in CORRECTIONS.items():
        if tf == data["tf"]:
            inputs[path] = {**inputs.get(path, {}), **right}
    kept["inputs"] = inputs
    kept["outputs"] = [{"name": output["name"], "type": output["type"]} for output in data["outputs"]]
    if data.get("delete_before_replace"):
        kept["delete_before_replace"] = True
    return kept


def main(source: Path) -> None:
    """Write the trimmed files and remove those of types no longer in use."""
    found = set[str]()
    for file in RULES.glob("*.json"):
        file.unlink()
    for path in sorted(source.glob("aws_*.json")):
        data = json.loads(path.read_text())
        if data["pulumi"] in TABLE:
            found.add(data["pulumi"])
            (RULES / path.name).write_text(json.dumps(trim(data), indent=1, ensure_ascii=False) + "\n")
    missing = set(TABLE) - found
    if missing:
        raise SystemExit(f"no rules for {', '.join(sorted(missing))} in {source}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
