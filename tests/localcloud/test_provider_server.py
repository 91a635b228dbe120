"""The plugin process as the engine meets it: gRPC, secrets, unknown values, errors, and its end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from localcloud.provider import VERSION
from localcloud.provider.install import install_plugin
from localcloud.provider.property_values import (
    UNKNOWN,
    UNKNOWN_STRING,
    Asset,
    WireError,
    decode_map,
    encode_map,
    has_unknown,
)
from localcloud.provider.proto import provider_pb2, provider_pb2_grpc, status_pb2
from localcloud.provider.types import tokens
from tests.types.storage import policy, trust

from .conftest import DEV, REGION, Cloud
from .provider_kit import role_of, unique

URN = "urn:pulumi:dev::portal::portal:identity:Role${token}::{name}"
SECONDS = 60


class Plugin:
    """A running plugin and a connection to it."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        script = install_plugin(home)
        assert script == home / "plugins" / f"resource-aws-v{VERSION}" / "pulumi-resource-aws"
        command = [str(script), "127.0.0.1:1"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **environment}, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self.channel)

    def stop(self) -> int:
        """End it as the engine does, and return its exit status."""
        self.channel.close()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(SECONDS)


@pytest.fixture(scope="module")
def plugin(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    environment = {"AWS_ENDPOINT_URL": cloud.https_url, "AWS_CA_BUNDLE": cloud.ca_bundle}
    found = Plugin(tmp_path_factory.mktemp("home"), environment)
    keys = cloud.credentials
    args = {
        "region": REGION,
        "accessKey": keys.access_key_id,
        "secretKey": keys.secret_access_key,
        "assumeRoles": role_of(DEV),
    }
    answer = found.stub.Configure(provider_pb2.ConfigureRequest(args=encode_map(args, ["secretKey"])))
    assert answer.acceptSecrets
    assert answer.supportsPreview
    yield found
    assert found.stop() == 0


def urn(token: str, name: str = "one") -> str:
    return URN.format(token=token, name=name)


def checked(plugin: Plugin, token: str, news: dict[str, Any], secrets: list[str] | None = None) -> Any:
    answer = plugin.stub.Check(
        provider_pb2.CheckRequest(urn=urn(token), news=encode_map(news, secrets or []), randomSeed=b"1")
    )
    assert list(answer.failures) == []
    return answer.inputs


def test_secrets_stay_secret_and_spread_to_all_tags(plugin: Plugin) -> None:
    token = "aws:iam/role:Role"
    news = {"name": unique("secret"), "assumeRolePolicy": trust(), "description": "hush", "tags": {"a": "b"}}
    inputs = checked(plugin, token, news, ["description", "tags"])
    assert decode_map(inputs)[1] == {"description", "tags", "tagsAll"}
    made = plugin.stub.Create(provider_pb2.CreateRequest(urn=urn(token), properties=inputs))
    state, secrets = decode_map(made.properties)
    assert secrets == {"description", "tags", "tagsAll"}
    assert state["description"] == "hush"
    read = plugin.stub.Read(
        provider_pb2.ReadRequest(urn=urn(token), id=made.id, inputs=inputs, properties=made.properties)
    )
    assert decode_map(read.properties) == (state, secrets)
    assert decode_map(read.inputs)[1] == secrets
    plugin.stub.Delete(provider_pb2.DeleteRequest(urn=urn(token), id=made.id, properties=made.properties))
    gone = plugin.stub.Read(
        provider_pb2.ReadRequest(urn=urn(token), id=made.id, inputs=inputs, properties=made.properties)
    )
    assert gone.id == ""


def test_a_preview_makes_nothing_and_its_outputs_are_unknown(plugin: Plugin, cloud: Cloud) -> None:
    token, name = "aws:s3/bucket:Bucket", unique("preview")
    inputs = checked(plugin, token, {"bucket": name})
    made = plugin.stub.Create(provider_pb2.CreateRequest(urn=urn(token), properties=inputs, preview=True))
    state, _ = decode_map(made.properties)
    assert state["bucket"] == name
    assert state["arn"] is UNKNOWN
    assert name not in {bucket["Name"] for bucket in cloud.client("s3", DEV).list_buckets()["Buckets"]}


def test_an_object_from_an_asset(plugin: Plugin, cloud: Cloud, tmp_path: Path) -> None:
    bucket, token = unique("asset"), "aws:s3/bucketObjectv2:BucketObjectv2"
    cloud.client("s3", DEV).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    file = tmp_path / "a.wdl"
    file.write_text("version 1.0")
    inputs = checked(plugin, token, {"bucket": bucket, "key": "a.wdl", "source": Asset(hash="1", path=str(file))})
    made = plugin.stub.Create(provider_pb2.CreateRequest(urn=urn(token), properties=inputs))
    assert made.id == f"{bucket}/a.wdl"
    assert decode_map(made.properties)[0]["source"] == Asset(hash="1", path=str(file))
    assert cloud.client("s3", DEV).get_object(Bucket=bucket, Key="a.wdl")["Body"].read() == b"version 1.0"


def test_a_difference_says_what_and_whether_it_replaces(plugin: Plugin) -> None:
    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    olds = encode_map({"role": "r", "policyArn": "arn:aws:iam::aws:policy/A"})
    news = encode_map({"role": "r", "policyArn": "arn:aws:iam::aws:policy/B"})
    answer = plugin.stub.Diff(provider_pb2.DiffRequest(urn=urn(token), id="r", olds=olds, news=news))
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.replaces) == ["policyArn"]
    assert answer.deleteBeforeReplace
    assert answer.detailedDiff["policyArn"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    same = plugin.stub.Diff(provider_pb2.DiffRequest(urn=urn(token), id="r", olds=olds, news=olds))
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_an_error_is_one_sentence(plugin: Plugin) -> None:
    token = "aws:iam/rolePolicy:RolePolicy"
    inputs = checked(plugin, token, {"role": "nobody", "policy": policy()})
    with pytest.raises(grpc.RpcError) as caught:
        plugin.stub.Create(provider_pb2.CreateRequest(urn=urn(token), properties=inputs))
    error: Any = caught.value
    text = error.details()
    assert text.startswith(f"creating {token}: PutRolePolicy (HTTP 404): NoSuchEntity: ")
    assert "Traceback" not in text


def test_refusals_are_failures_of_the_check(plugin: Plugin) -> None:
    news = encode_map({"bukcet": "a"})
    answer = plugin.stub.Check(provider_pb2.CheckRequest(urn=urn("aws:s3/bucket:Bucket"), news=news))
    assert [failure.reason for failure in answer.failures] == ["bukcet: unknown property; did you mean bucket?"]


def test_a_resource_made_in_part_is_recorded(plugin: Plugin, cloud: Cloud) -> None:
    """Tags that AWS refuses come after the bucket: it exists, and the engine must know."""
    token, name = "aws:s3/bucket:Bucket", unique("part")
    inputs = checked(plugin, token, {"bucket": name, "tags": {"aws:mine": "1", "x" * 200: "1"}})
    with pytest.raises(grpc.RpcError) as caught:
        plugin.stub.Create(provider_pb2.CreateRequest(urn=urn(token), properties=inputs))
    error: Any = caught.value
    metadata: dict[str, bytes] = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == name
    assert "PutBucketTagging" in detail.reasons[0]
    assert decode_map(detail.properties)[0]["bucket"] == name
    assert name in {bucket["Name"] for bucket in cloud.client("s3", DEV).list_buckets()["Buckets"]}


def test_the_port_comes_quickly_and_a_signal_ends_it(tmp_path: Path) -> None:
    started = time.monotonic()
    plugin = Plugin(tmp_path, {})
    assert time.monotonic() - started < SECONDS
    info = plugin.stub.GetPluginInfo(Empty())
    assert info.version == VERSION
    assert plugin.stop() == 0


def test_it_ends_with_the_engine_that_started_it(tmp_path: Path) -> None:
    script = install_plugin(tmp_path)
    engine = subprocess.Popen(
        ["/bin/sh", "-c", f"'{script}' 127.0.0.1:1 & echo $!; wait"], stdout=subprocess.PIPE, text=True
    )
    assert engine.stdout is not None
    plugin = int(engine.stdout.readline())
    int(engine.stdout.readline())  # its port: it serves
    engine.kill()
    engine.wait(SECONDS)
    deadline = time.monotonic() + SECONDS
    while Path(f"/proc/{plugin}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    alive = Path(f"/proc/{plugin}").exists()
    engine.stdout.close()
    assert not alive


def test_values_survive_the_wire() -> None:
    values = {"a": 1, "b": 1.5, "c": True, "d": ["x", {"e": UNKNOWN}], "f": Asset(hash="1", text="t"), "g": {}, "h": ""}
    plain, secrets = decode_map(encode_map(values, ["a"]))
    assert plain == values
    assert secrets == {"a"}
    assert has_unknown(plain)
    assert encode_map({"e": UNKNOWN})["e"] == UNKNOWN_STRING
    with pytest.raises(WireError, match="set is not a property value"):
        encode_map({"a": {1}})


def test_the_schema_has_every_type_and_resolves_its_blocks(plugin: Plugin) -> None:
    schema = json.loads(plugin.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert set(schema["resources"]) == set(tokens())
    references = re.findall(r'"\$ref": "#/types/([^"]+)"', json.dumps(schema))
    assert references
    assert set(references) <= set(schema["types"])


def test_an_installation_drops_the_engines_copy_of_the_schema(tmp_path: Path) -> None:
    copy = tmp_path / "schemas" / f"aws-{VERSION}.json"
    copy.parent.mkdir()
    copy.write_text("{}")
    install_plugin(tmp_path)
    assert not copy.exists()


@pytest.mark.parametrize(
    ("mark", "words"),
    [("0def7320c3a5731c473e5ecbe6d01bc7", "an archive"), ("d0e6a833031e9bbcd3f4e8bde6ca49a4", "an output value")],
)
def test_values_that_are_not_accepted_are_named(mark: str, words: str) -> None:
    marked = encode_map({"a": {"4dabf18193072939515e22adb298388d": mark}})
    with pytest.raises(WireError, match=f"{words} is not supported"):
        decode_map(marked)
