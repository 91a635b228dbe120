"""The `validate` expressions: each form at its edges, and what isn't understood."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.provider.rules import build
from localcloud.provider.validators import parse


def faults(expression: str, value: Any) -> list[str]:
    return [fault for validator in parse(expression) if (fault := validator.check(value)) is not None]


@pytest.mark.parametrize(
    ("expression", "good", "bad"),
    [
        ("len 1..3", ["a", "abc"], ["", "abcd"]),
        ("len <= 2", ["", "ab"], ["abc"]),
        ("10..15", [10, 15], [9, 16]),
        ("-1..65535", [-1, 65535], [-2]),
        (">= 0", [0, 7], [-1]),
        ("size >= 1", [["a"]], [[]]),
        ("size <= 1", [[], ["a"]], [["a", "b"]]),
        ("size 0..0", [{}], [{"a": "b"}]),
        (r"regex ^[\w+=,.@-]*$", ["", "a+b"], ["a b", "é"]),
        (r"regex ^[\p{L}\p{N}]*$", ["é1"], ["a b"]),
        (r"len 1..4; regex ^[a-z,]+$", ["a,b"], ["", "A", "abcde"]),
        (r"len 1..4, regex ^[a-z]+$", ["ab"], ["A", "abcde"]),
        ("one of A, B", ["A", "B"], ["C", ""]),
        (
            "arn",
            ["arn:aws:s3:::a", "arn:aws:iam::aws:policy/A", "arn:aws:kms:us-west-2:111122223333:key/1"],
            ["a", "arn:aws"],
        ),
        ("json", ["{}", "[1]"], ["", "{"]),
        ("IAM policy JSON", ['{"a": 1}'], ["[]", " {}", "{"]),
        ("12-digit account id", ["111122223333"], ["1", "11112222333x"]),
        ("valid AWS region name", ["us-west-2", "us-gov-east-1"], ["us", "US-WEST-2"]),
        ("date YYYY-MM-DD", ["2030-01-31"], ["31.1.2030"]),
        ("RFC3339 time", ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00+02:00"], ["2030-01-01", "2030-13-01T00:00:00Z"]),
        ("keys lower-case", [{"a-b": ""}], [{"A": ""}]),
        ("https URL without query", ["https://a.example/b"], ["http://a.example", "https://a.example?b=c"]),
        ("path", ["/", "/a/b/"], ["", "a", "/a"]),
        ("CIDR network; netmask 16..28", ["10.0.0.0/16", "10.0.0.0/28"], ["10.0.0.0/15", "10.0.0.1/16", "ten"]),
        ("16..28; netmask 16..28", [16, 28], [15, 29]),
        ("IPv4 CIDR network address", ["0.0.0.0/0"], ["::/0", "10.0.0.1/8"]),
        ("IPv6 CIDR /56", ["2001:db8::/56"], ["2001:db8::/64", "10.0.0.0/24"]),
        ("IPv4 address", ["10.0.0.1"], ["::1", "10.0.0"]),
        ("IPv6 address", ["::1"], ["10.0.0.1"]),
        ("len 0..255; must not match ^sg-", ["", "group"], ["sg-1"]),
        ("multiple of 60", [60, 120], [61]),
        ("> 0.0", [0.1, 2], [0, -1]),
        ('"", "true" or "false"', ["", "true"], ["yes"]),
        ('not empty, valid role name, no ":"', ["role"], ["", "a/b", "a:b"]),
    ],
)
def test_a_form(expression: str, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if faults(expression, value)] == []
    assert [value for value in bad if not faults(expression, value)] == []


@pytest.mark.parametrize("expression", ["many of 60", "len 1..", "len 1..3; as above"])
def test_a_form_that_is_not_understood_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match="is not understood"):
        parse(expression)


def test_so_is_a_type() -> None:
    data = {
        "tf": "aws_x",
        "framework": "sdkv2",
        "inputs": {"a": {"type": "tuple", "optional": True}},
    }
    with pytest.raises(ValueError, match="a: type 'tuple' is not understood"):
        build(data)
