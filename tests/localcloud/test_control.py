"""The control endpoint: what it answers, and who gets an answer at all."""

from __future__ import annotations

import http.client
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from moto.moto_api._internal import mock_random

from localcloud.server import process
from localcloud.server.control import SECRET
from localcloud.server.process import Running

from .batch_steps import World
from .conftest import ACCOUNTS, DEV, REGION, Cloud

SECRET_HEADER = {"Authorization": f"Bearer {SECRET}"}
NOBODY = "65534"
INTRUDER = """
import json, sys, urllib.error, urllib.request
url, description, scratch, secret = sys.argv[1:]
def said(what):
    try:
        return what()
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return type(error).__name__
def post(headers):
    return urllib.request.urlopen(urllib.request.Request(url + "/_localcloud/reset", data=b"", headers=headers)).read()
import os, pathlib
print(json.dumps([
    os.getuid(),
    said(lambda: pathlib.Path(description).read_text()),
    said(lambda: os.listdir(scratch)),
    said(lambda: post({})),
    said(lambda: post({"Authorization": "Bearer " + secret})),
]))
"""


def ask(cloud: Cloud, route: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
    """Status and answer; ``Host`` is the listener's unless it is given."""
    connection = http.client.HTTPConnection(urlsplit(cloud.http_url).netloc)
    connection.request(method, f"/_localcloud/{route}", headers=headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_health(cloud: Cloud) -> None:
    status, answer = ask(cloud, "health", **SECRET_HEADER)
    assert status == 200
    assert answer["pid"] == os.getpid()
    assert set(ACCOUNTS) < set(answer["accounts"])


def test_the_inventory_lists_what_was_made(cloud: Cloud) -> None:
    s3, bucket, name = cloud.client("s3"), cloud.name("control"), cloud.name("role")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust_nobody())
    _, answer = ask(cloud, "inventory", **SECRET_HEADER)
    assert answer[DEV]["buckets"][bucket]["objects"] == ["a"]
    assert answer[DEV]["roles"][name]["arn"] == f"arn:aws:iam::{DEV}:role/{name}"
    assert bucket not in answer[ACCOUNTS[1]]["buckets"]
    assert answer["999988887777"]["users"] == ["engineer"]


def trust_nobody() -> str:
    statement = {"Effect": "Deny", "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(("route", "method", "status"), [("nothing", "GET", 404), ("reset", "GET", 405)])
def test_what_it_does_not_know(cloud: Cloud, route: str, method: str, status: int) -> None:
    assert ask(cloud, route, method, **SECRET_HEADER)[0] == status


@pytest.mark.parametrize("route", ["health", "inventory", "flush", "reset", "stop", "faults", "time", "nothing"])
def test_nothing_is_told_or_done_without_the_secret(cloud: Cloud, route: str) -> None:
    for authorization in ("", "Bearer ", f"Bearer {SECRET[:-1]}", SECRET, "Bearer \xe9"):
        status, answer = ask(cloud, route, "POST", Authorization=authorization)
        assert (status, set(answer)) == (401, {"message"}), authorization


@pytest.mark.parametrize("host", ["evil.example.org", "localhost.evil.example.org", "127.0.0.1.evil.example.org", "["])
def test_a_name_that_leads_here_by_dns_is_refused(cloud: Cloud, host: str) -> None:
    for route in ("health", "credentials/x"):
        status, answer = ask(cloud, route, Host=host, **SECRET_HEADER)
        assert (status, answer["message"]) == (403, f"Host {host!r}: 127.0.0.1 or localhost is meant")


@pytest.mark.parametrize("origin", ["https://evil.example.org", "null", "http://localhost:3000"])
def test_a_page_in_a_browser_is_refused(cloud: Cloud, origin: str) -> None:
    for route in ("health", "metadata/v4/x"):
        status, answer = ask(cloud, route, Origin=origin, **SECRET_HEADER)
        assert (status, answer["message"]) == (403, f"Origin {origin!r}: no page in a browser may ask")


@pytest.mark.parametrize("route", ["credentials/x", "metadata/v4/x"])
def test_a_jobs_own_routes_need_its_token(cloud: Cloud, route: str) -> None:
    assert ask(cloud, route)[0] == 404


@pytest.mark.usefixtures("plain_batch")
def test_a_jobs_directory_is_for_its_owner_alone(world: World, queue: str) -> None:
    directory = Path(world.lines(world.run(queue, "pwd"))[0])
    assert [stat.S_IMODE(path.stat().st_mode) for path in [*directory.parents][:4]] == [0o700] * 4


def test_keys_are_not_from_a_sequence_that_ids_would_tell(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    name = cloud.name("user")
    iam.create_user(UserName=name)
    keys: list[Any] = []
    for _ in range(2):
        mock_random.seed(1)
        keys.append(iam.create_access_key(UserName=name)["AccessKey"])
    assert keys[0]["SecretAccessKey"] != keys[1]["SecretAccessKey"]
    iam.delete_access_key(UserName=name, AccessKeyId=keys[0]["AccessKeyId"])
    iam.delete_access_key(UserName=name, AccessKeyId=keys[1]["AccessKeyId"])
    sts = cloud.engineer("sts")
    role = f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
    mock_random.seed(1)
    first = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    mock_random.seed(1)
    second = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    assert len({first["SecretAccessKey"], second["SecretAccessKey"]}) == 2
    assert len(first["SecretAccessKey"]) == 40


def test_a_negative_length_gets_an_answer(cloud: Cloud) -> None:
    connection = http.client.HTTPConnection(urlsplit(cloud.http_url).netloc, timeout=5)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "-1")
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.read()) == (400, b"Content-Length is negative.")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("control") / ".local"
    yield process.start(folder, [DEV])[0], folder
    process.stop(folder)


def as_nobody() -> list[str]:
    """What runs a program as another user of this machine."""
    if os.geteuid() == 0:
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    sudo = ["sudo", "--non-interactive", "--user=nobody"]
    if subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode:
        pytest.skip("neither root nor sudo without a password: nobody else can be tried")
    return sudo


def interpreter_for(somebody: list[str]) -> str:
    """This one, or else the system's: the first that the user may run."""
    for path in (str(Path(sys.executable).resolve()), "/usr/bin/python3"):
        if subprocess.run([*somebody, path, "-c", ""], capture_output=True, check=False, cwd="/").returncode == 0:
            return path
    pytest.skip("nobody else may run a Python here")


def test_another_user_of_the_machine_reaches_nothing(server: tuple[Running, Path]) -> None:
    """Who could reset the accounts would have the engineer's keys, and could run jobs as the server's user."""
    running, folder = server
    nobody = as_nobody()
    guess = "A" * len(running.control_secret)
    arguments = [running.http_url, str(folder / "server.json"), running.scratch, guess]
    command = [*nobody, interpreter_for(nobody), "-I", "-c", INTRUDER, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    uid, *tried = json.loads(done.stdout)
    assert uid != os.geteuid()
    assert tried == ["PermissionError", "PermissionError", 401, 401]
    assert process.ask(running, "GET", "health")["status"] == "ok"


def test_nothing_secret_is_on_a_command_line_and_the_description_is_for_its_owner(
    server: tuple[Running, Path],
) -> None:
    running, folder = server
    assert stat.S_IMODE((folder / "server.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    shown = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(folder) in shown
    assert running.control_secret not in shown
    assert running.control_secret not in repr(running)


def test_a_reset_is_described_anew(server: tuple[Running, Path]) -> None:
    running, folder = server
    keys = process.ask(running, "POST", "reset")
    after = process.running(folder)
    assert after is not None
    assert (after.access_key_id, after.secret_access_key) == (keys["access_key_id"], keys["secret_access_key"])
    assert after.access_key_id != running.access_key_id
    assert after.pid == running.pid
