"""The example import's command line: the arguments of the portal's importer, what they ask for, and what is refused."""

from __future__ import annotations

import pytest

from examples.importer import __main__ as command
from examples.importer.arguments import IMPORTS, WITHOUT_EFFECT, Wanted, parser, wanted

URI = "postgresql+psycopg://user:secret@host:5432/cryoetv2"
BEGIN = ["load", "s3-bucket", "https://files.example.com/"]


def asked(*flags: str) -> Wanted:
    return wanted(parser().parse_args([*BEGIN, "--postgres_url", URI, *flags]))


def test_every_import_of_the_portals_tool_is_known() -> None:
    found = asked(*(f"--import-{name}" for name in IMPORTS), "--debug", "--anonymous")
    assert (found.runs, found.tomograms, found.anonymous) == (True, True, True)
    assert asked("--import-everything") == asked("--import-everything", *(f"--import-{name}" for name in IMPORTS))


def test_without_an_import_there_is_the_dataset_alone() -> None:
    found = asked("--s3-prefix", "10000", "--debug")
    assert found == Wanted(bucket="s3-bucket", https_prefix="https://files.example.com", database=URI, dataset="10000")


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_what_is_ignored_is_said(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main([*BEGIN, "--postgres_url", "mysql://", name])
    assert capsys.readouterr().err.startswith(f"{name} is ignored: ")


def test_the_database_is_what_the_variables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"USER": "u", "PASSWORD": "p", "HOST": "h", "PORT": "5432", "NAME": "n"}.items():
        monkeypatch.setenv(f"PLATFORMICS_DATABASE_{name}", value)
    assert wanted(parser().parse_args(BEGIN)).database == "postgresql+psycopg://u:p@h:5432/n"


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ([], "--postgres_url: must be given, or the variables PLATFORMICS_DATABASE_USER, "),
        (["--postgres_url", "mysql://user:secret@host"], "must begin with one of postgresql://, postgresql+psycopg://"),
        (["--import-meshes"], "unrecognized arguments: --import-meshes"),
    ],
)
def test_what_cannot_be_meant_is_refused(flags: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main([*BEGIN, *flags])
    said = capsys.readouterr().err
    assert says in said
    assert "secret" not in said
