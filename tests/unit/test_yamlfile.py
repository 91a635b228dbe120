"""Whatever a file holds, reading it ends in data or in faults that name the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import SettingsError, load
from settings.yamlfile import read

BROKEN = {
    b"": "must be a mapping",
    b"[]": "must be a mapping",
    b"text": "must be a mapping",
    b"config: [": "is not YAML",
    b"\xff\xfe": "is not UTF-8",
    b"config:\n\t- x": "is not YAML",
    b"a: 1\n---\nb: 2": "is not YAML",
    b"config: {a: 1, a: 2}": "yaml: a: 'a': this key is given twice (line 1)",
    b"config: {portal:settings: {account: &a {id: x}, network: *a}}": "portal:settings.network: an alias",
    b"&a [*a]": "an alias",
    b"config: {1: x}": "a key is text: quote it",
    b"config: {[1]: x}": "a key is text: quote it",
    b"config: {a: 2024-01-01}": "timestamp is not allowed",
    b"config: {a: !!binary aGk=}": "binary is not allowed",
    b"config: {a: !secret x}": "!secret is not allowed",
    b"config: {a: !!set {x}}": "set is not allowed",
    b"config: {a: yes}": "write true or false",
    b"config: {a: 0777}": "write true or false, or a plain decimal",
    b"config: {a: 012345678901}": "other readers take this for a number: quote it",
    b"config: {a: 089012345678}": "other readers take this for a number: quote it",
    b"config: {a: 1e5}": "other readers take this for a number: quote it",
    b"config: {a: .nan}": "write true or false",
    b"config: {a: 1:30}": "write true or false",
    b"config: {a: " + b"9" * 5000 + b"}": "write true or false",
    b"[" * 50 + b"]" * 50: "is nested too deeply",
    b"[" * 5000 + b"]" * 5000: "nest",
    b"config: {<<: {a: 1}}": "a key is text",
    b"encryptionsalt: 7": "encryptionsalt: 7: must be text",
    b"confg: {}": "did you mean config?",
    b"config: {portal:settings: {account: {secure: abc}}}": "yaml: portal:settings.account: holds a secret (secure:)",
    b"config:\n  portal:settings:\n    secure: abc": "yaml: portal:settings: holds a secret (secure:)",
    b"config: null": "config: null: must be a mapping",
}


@pytest.mark.parametrize("content", BROKEN, ids=[repr(content[:40]) for content in BROKEN])
def test_a_broken_file_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load("dev", tmp_path)
    assert any(fault.file == "Pulumi.dev.yaml" for fault in refused.value.faults)
    assert BROKEN[content] in str(refused.value)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").mkdir()
    with pytest.raises(SettingsError, match=r"Pulumi\.dev\.yaml: cannot be read: Is a directory"):
        load("dev", tmp_path)


def test_plain_values(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text('a: [1, -2, 0.5, true, FALSE, null, ~, "089", text, "yes"]')
    assert read(file) == ({"a": [1, -2, 0.5, True, False, None, None, "089", "text", "yes"]}, [])
