"""Rules of CloudFront, ACM, Route 53, WAFv2 and log deliveries, whose source has other words. See `trim_rules`.

That source has validations as sentences, Pulumi's plural names beside the input, and outputs by name alone.
"""

import re
from typing import Any, Final

TAGS_ALL: Final = {"type": "map(string)", "optional": True, "computed": True}
TEXT: Final = {"type": "string", "computed": True}
DNS_NAME: Final = {"validate": "", "diff_suppress": "case and trailing dot are no diff"}
AUTONAMED: Final = {"computed": True, "validate": "len 1..128"}
CORRECTIONS: Final[dict[tuple[str, str], dict[str, Any]]] = {
    # Optional and made up where left out, which the rules say as optional and computed.
    **{
        (f"aws_cloudfront_{kind}", "name"): AUTONAMED
        for kind in ("cache_policy", "response_headers_policy", "key_group")
    },
    ("aws_cloudfront_origin_access_control", "name"): {"computed": True, "validate": "len 1..64"},
    # Kept in lower case and without the dot at the end.
    ("aws_route53_zone", "name"): {**DNS_NAME, "computed": True},
    ("aws_route53_zone", "name_servers"): {"type": "list(string)", "computed": True},
    ("aws_route53_record", "name"): DNS_NAME,
    ("aws_route53_record", "alias.name"): DNS_NAME,
    # What the API answers with, entry by entry.
    **{
        ("aws_acm_certificate", f"domain_validation_options.{name}"): TEXT
        for name in ("domain_name", "resource_record_name", "resource_record_type", "resource_record_value")
    },
    # Computed for imported certificates alone, which are refused.
    ("aws_acm_certificate", "domain_name"): {"computed": False},
    ("aws_acm_certificate", "domain_validation_options"): {"type": "set(object)", "computed": True},
    # The API ends a key's text with a new line.
    ("aws_cloudfront_public_key", "encoded_key"): {"diff_suppress": "white space at the ends is no diff"},
    # Every bucket of a destination is in its own service; another one replaces, which the type's code says.
    ("aws_cloudwatch_log_delivery_destination", "delivery_destination_configuration.destination_resource_arn"): {
        "force_new_if": "",
    },
    # The tree that it conflicts with is left out (`LEFT_OUT`).
    ("aws_wafv2_web_acl", "rule_json"): {"conflicts_with": [], "diff_suppress": "equivalent JSON is no diff"},
    # As on all types with tags.
    **{
        (f"aws_cloudwatch_log_delivery{kind}", "tags_all"): TAGS_ALL for kind in ("", "_source", "_destination")
    },
}  # fmt: skip
LEFT_OUT: Final = {
    "aws_wafv2_web_acl": (
        "rule",
        "default_action.allow.custom_request_handling",
        "default_action.block.custom_response",
    )
}
"""Inputs that are refused as unknown: a tree of 2,000 classes, for which `rule_json` has the API's own form; and what
would be inside blocks that say all by being there."""
_SENTENCES: Final = (
    (r"length (\d+)\.\.(\d+).*", r"len \1..\2"),
    (r"(\^\S+\$) length at most (\d+)", r"regex \1; len <= \2"),
    (r"(\^\S+\$) length (\d+)\.\.(\d+)", r"regex \1; len \2..\3"),
    (r"set, at most (\d+)", r"size <= \1"),
    (r"exactly (\d+)", r"size \1..\1"),
    (r"at most (\d+);.*", r"size <= \1"),
    (r"number (\d+)\.0\.\.(\d+)\.0", r"\1..\2"),
    (r"at least (\d+)", r">= \1"),
    (r"(\d+\.\.\d+) \(at least 1\)", r"\1"),
    (r"(-?\d+\.\.\d+)", r"\1"),
    (r"ARN", "arn"),
    (r"JSON", "json"),
    (r"not empty", "not empty"),
    (r"region name", "valid AWS region name"),
    (r"must not end with a period", r"must not match \\.$"),
    (r"Go or ISO 8601 duration", ""),
)
_EACH: Final[dict[str, str]] = {
    "each length 1..253, not ending with a period": r"len 1..253; must not match \.$",
    r"each ^[\w.\-/]+$ length 1..253": r"regex ^[\w.\-/]+$; len 1..253",
}


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """The file as the others are written. Raises ValueError for a sentence that is not understood."""
    if "framework" in data:
        return data
    names: dict[str, str] = {}
    inputs: dict[str, Any] = {}
    for path, rule in data["inputs"].items():
        if any(f"{path}.".startswith(f"{left_out}.") for left_out in LEFT_OUT.get(data["tf"], ())):
            continue
        inputs[path] = _validation({key: value for key, value in rule.items() if key != "pulumi"})
        if "pulumi" in rule:
            names[path] = rule["pulumi"]
    if "tags" in inputs:
        inputs["tags_all"] = TAGS_ALL
    outputs = [{"name": name, "type": "string"} for name in data["outputs"] if name not in inputs]
    return {**data, "framework": "sdkv2", "inputs": inputs, "outputs": outputs, "pulumi_names": names}


def _validation(rule: dict[str, Any]) -> dict[str, Any]:
    sentence = rule.get("validate", "")
    if sentence in _EACH:
        return {**{key: value for key, value in rule.items() if key != "validate"}, "elem_validate": _EACH[sentence]}
    if not sentence or "trailing dot" in sentence:
        return {**rule, "validate": ""} if sentence else rule
    for pattern, words in _SENTENCES:
        if match := re.fullmatch(pattern, sentence):
            return {**rule, "validate": match.expand(words)}
    raise ValueError(f"validation is not understood: {sentence!r}")
