"""Every command that README and docs show is run by a test, and no table speaks of one that they don't show."""

from __future__ import annotations

import pytest

from tests.documented import ELSEWHERE, NOT_RUN, ROOT, SECTIONS, commands, shown
from tests.journey.documented_steps import STEPS

RUN = [step.command for step in STEPS]
IN_SECTIONS = {command for page, heading in SECTIONS for command in commands(page, heading)} - {*RUN, *ELSEWHERE}


@pytest.mark.parametrize(("command", "pages"), shown().items())
def test_a_shown_command_is_run(command: str, pages: set[str]) -> None:
    places = [command in table for table in (RUN, IN_SECTIONS, ELSEWHERE, NOT_RUN)]
    where = ", ".join(sorted(pages))
    assert any(places), f"{where}: nothing runs `{command}`: tests/journey/documented_steps.py is the place for it"
    assert sum(places) == 1, f"`{command}` is in more than one table"


def test_what_is_run_is_shown() -> None:
    assert {*RUN, *IN_SECTIONS, *ELSEWHERE, *NOT_RUN} == {*shown()}


@pytest.mark.parametrize(("section", "test"), SECTIONS.items())
def test_the_sections_test_takes_its_commands_from_there(section: tuple[str, str], test: str) -> None:
    text = (ROOT / test).read_text()
    assert "commands(" in text
    assert all(f'"{part}"' in text for part in section)


@pytest.mark.parametrize(("command", "test"), ELSEWHERE.items())
def test_the_other_test_has_the_commands_words(command: str, test: str) -> None:
    text = (ROOT / test).read_text()
    words = [word for word in command.split() if not word.isupper()]  # those stand for something of the reader's
    assert all(f'"{word}"' in text or f"{word}(" in text or command in text for word in words), words
