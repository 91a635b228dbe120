"""What a policy would lose, by what its statements say."""

from __future__ import annotations

from typing import Any

import pytest

from portal.errors import PortalError
from portal.policies import agree_to_loss, same


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def reader(sid: str, *accounts: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": list(accounts)}, "Action": ["s3:GetObject"]}


def test_form_and_order_are_no_difference() -> None:
    one = {**reader("A", "2", "1"), "Action": "s3:GetObject"}
    assert same(policy(one, reader("B", "3")), policy(reader("B", "3"), reader("A", "1", "2")))
    assert not same(policy(reader("A", "1")), policy(reader("A", "2")))
    assert not same(None, policy())


def test_what_is_called_otherwise_or_added_is_no_loss(capsys: pytest.CaptureFixture[str]) -> None:
    agree_to_loss("x", policy(reader("Read1", "1")), policy(reader("Read2", "1"), reader("B", "2")), yes=False)
    agree_to_loss("x", None, policy(reader("A", "1")), yes=False)
    assert capsys.readouterr().out == ""


def test_a_loss_is_named_and_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    before, after = policy(reader("A", "1"), reader("B", "2")), policy(reader("B", "2", "3"))
    with pytest.raises(PortalError, match=r"--yes: must be given .* Set the policy of the bucket x without them"):
        agree_to_loss("the bucket x", before, after, yes=False)
    agree_to_loss("the bucket x", before, after, yes=True)
    assert 'the bucket x: its policy loses A (of {"AWS": "1"}), B (of {"AWS": "2"})' in capsys.readouterr().out
