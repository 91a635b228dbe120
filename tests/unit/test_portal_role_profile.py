"""The profile by which programs that portal starts come to a role's credentials, with AWS's own rules of precedence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.session import get_session

from components import names
from portal import role_profile
from portal.role_profile import CALLERS, become_caller, session_name, variables, variables_of_providers

ROLE = "arn:aws:iam::908710317728:role/admin"
CALLER = {
    "AWS_ACCESS_KEY_ID": "caller",
    "AWS_SECRET_ACCESS_KEY": "callers secret",
    "AWS_DEFAULT_PROFILE": "callers-profile",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/callers/token",
}


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in names.CREDENTIAL_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in CALLER.items():
        monkeypatch.setenv(name, value)
    variables.cache_clear()
    return CALLER


def test_aws_clients_take_the_profile_before_the_callers_own_credentials(
    caller: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del caller
    for name, value in variables(ROLE, "us-west-2").items():
        monkeypatch.setenv(name, value)
    resolver = get_session().get_component("credential_provider")
    asked: list[list[str]] = []

    def prints(command: list[str], **_: object) -> subprocess.Popen[bytes]:
        asked.append(command)
        given = {"Version": 1, "AccessKeyId": "of the role", "SecretAccessKey": "x", "SessionToken": "y"}
        return subprocess.Popen([sys.executable, "-c", f"print({json.dumps(json.dumps(given))})"], stdout=-1, stderr=-1)

    monkeypatch.setattr(resolver.get_provider("custom-process"), "_popen", prints)
    assert resolver.load_credentials().access_key == "of the role"
    assert asked == [[sys.executable, "-m", "portal.role_profile", ROLE, "us-west-2"]]


def test_who_fetches_the_credentials_is_the_caller_again(caller: dict[str, str]) -> None:
    environ = {**os.environ, **variables(ROLE, "us-west-2")}
    assert environ["AWS_ACCESS_KEY_ID"] == ""
    become_caller(environ)
    assert {name: environ[name] for name in names.CREDENTIAL_VARIABLES if name in environ} == caller


def test_the_engine_itself_stays_the_callers(caller: dict[str, str]) -> None:
    del caller
    given = variables_of_providers(ROLE, "us-west-2")
    assert not {*given} & {*names.CREDENTIAL_VARIABLES}
    handed = {name: given[source] for source, name in names.PROVIDER_VARIABLES.items()}
    own = variables(ROLE, "us-west-2")
    assert handed == {name: own[name] for name in names.CREDENTIAL_VARIABLES}
    assert {name for name in given if name not in names.PROVIDER_VARIABLES} == {f"{CALLERS}{name}" for name in CALLER}


def test_a_refusal_is_one_line(caller: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    del caller

    def refused(*_: str) -> None:
        raise RuntimeError("not authorized to perform: sts:AssumeRole")

    monkeypatch.setattr(role_profile, "assume", refused)
    with pytest.raises(SystemExit, match=f"{ROLE}: not authorized to perform: sts:AssumeRole"):
        role_profile.main(ROLE, "us-west-2")


def test_the_profile_holds_no_secret_and_ends_with_the_process(caller: dict[str, str]) -> None:
    del caller
    code = "from portal.role_profile import variables; print(variables('role', 'us-west-2', 's3 =')['AWS_CONFIG_FILE'])"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert not Path(printed).parent.exists()
    text = Path(variables(ROLE, "us-west-2", "s3 =", "  max_queue_size = 5")["AWS_CONFIG_FILE"]).read_text()
    assert text.endswith("s3 =\n  max_queue_size = 5\n")
    assert "secret" not in text


@pytest.mark.parametrize(
    ("environ", "name"),
    [({"GITHUB_RUN_ID": "123"}, "github-123"), ({"LOGNAME": "ada lovelace"}, "portal-ada-lovelace")],
)
def test_the_session_says_who_works_with_the_role(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], name: str
) -> None:
    monkeypatch.delenv("GITHUB_RUN_ID", raising=False)
    for key, value in environ.items():
        monkeypatch.setenv(key, value)
    assert session_name() == name
