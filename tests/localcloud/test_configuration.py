"""What a local cloud is started with: each key, and the fixture of pytest as docs/local-cloud.md has it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from localcloud.app import app
from localcloud.server import process
from localcloud.server.configuration import FILE, Configuration, ConfigurationError, load
from localcloud.testing import Cloud as AnyCloud
from portal.pulumi_cli import ROOT

ACCOUNT = "222222222222"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FILE


def test_everything_may_be_left_out(file: Path) -> None:
    file.write_text("")
    assert load(file) == Configuration()


def test_a_directory_is_relative_to_the_file(file: Path) -> None:
    file.write_text('[[images]]\nimage = "*/api:*"\ndirectory = "api"\n')
    assert [one.directory for one in load(file).images] == [str(file.parent / "api")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("region = ", "not TOML"),
        ("zone = 1", "zone: is not a key; region, organization, images are"),
        ("region = 'here'", "region: 'here': a region's name is meant"),
        ("organization = 1", "organization: 1: a table is meant"),
        ("organization.owner = 'a'", "organization.owner: is not a key"),
        ("organization.management_account = '12'", "organization.management_account: '12': twelve digits is meant"),
        ("organization.role = 'a b'", "organization.role: 'a b': a role's name is meant"),
        ("organization.engineer = ''", "organization.engineer: '': a user's name is meant"),
        (
            "organization.engineer_roles = ['a:b']",
            "organization.engineer_roles: ['a:b']: a list of role names is meant",
        ),
        ("organization.engineer_roles = 'a'", "organization.engineer_roles: 'a': a list of role names is meant"),
        ("images = ['a']", "images: ['a']: a list of tables is meant"),
        ("[[images]]\ncommand = []", "{'command': []}: image is missing"),
        ("[[images]]\nimage = 'a'\ncmd = []", "cmd is none of image, entrypoint, command, environment, directory"),
        ("[[images]]\nimage = 'a'\ncommand = 'run'", "entrypoint, command and each of programs are lists of words"),
        ("[[images]]\nimage = 'a'\nenvironment = {A = 1}", "every value is a text"),
    ],
)
def test_a_wrong_key_is_named_before_anything_starts(file: Path, text: str, fault: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=re.escape(fault)) as raised:
        load(file)
    assert str(raised.value).startswith(f"{file}: ")
    folder = file.parent / ".local"
    options = ["--account", ACCOUNT, "--config", str(file), "--folder", str(folder)]
    done = CliRunner().invoke(app, ["start", *options])
    assert (done.exit_code, folder.exists()) == (1, False)
    assert fault in done.output.replace("\n", " ")


def test_the_organization_and_the_region_are_those_of_the_file(file: Path) -> None:
    file.write_text("""
region = "eu-west-1"
organization = {management_account = "333333333333", role = "Admin", engineer = "ada", engineer_roles = ["lab-*"]}
""")
    folder = file.parent / ".local"
    server, _ = process.start(folder, [ACCOUNT], configuration=file)
    try:
        assert server.region == "eu-west-1"
        assert server.accounts == [ACCOUNT]
        made = process.ask(server, "GET", "inventory")
        assert set(made) == {"333333333333", ACCOUNT}
        assert set(made[ACCOUNT]["roles"]) == {"Admin"}
    finally:
        process.stop(folder)


def test_the_documented_fixture_works(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "local-cloud.md").read_text()
    conftest, test = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "conftest.py").write_text(conftest)
    (tmp_path / "test_lab.py").write_text(f"import pytest\nfrom botocore.exceptions import ClientError\n\n\n{test}")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    named = set(re.findall(r"`(\w+)\(", page[page.index("## In tests of your own") :].split("\n## ")[0]))
    assert named <= {name for name in dir(AnyCloud) if not name.startswith("_")}
