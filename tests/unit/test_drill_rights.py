"""The rights that the page about restore drills prints are those that a test of the local cloud runs a drill with."""

from __future__ import annotations

import json
import re
from pathlib import Path

from components.access import drills
from components.access.statements import Statement
from tests.unit.stackfiles import ROOT

PAGE = Path(ROOT, "docs/how-to/restore-drill.md")


def test_the_printed_policies_are_the_tested_ones() -> None:
    def policy(*statements: Statement) -> dict[str, object]:
        return {"Version": "2012-10-17", "Statement": [one.as_json() for one in statements]}

    printed = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]
    of_database = drills.of_database(
        account="111122223333",
        region="us-west-2",
        environment="prod",
        cluster="cryoet-prod",
        wdl_bucket="cryoet-swipe-wdl-prod",
        comms_bucket="cryoet-swipe-comms-prod",
    )
    assert printed == [policy(*of_database), policy(*drills.of_dataset("cryoet-data-portal-public"))]
