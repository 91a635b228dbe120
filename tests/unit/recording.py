"""A recording of what a program registers, under Pulumi's mocks.

One recording is one deployment: a fresh event loop, fresh mocks, and when it is over plain data to assert on. A type
that the provider's rules don't know, an input they refuse or don't know, and a call that wasn't expected are errors.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import grpc
import pulumi
from google.protobuf import struct_pb2
from pulumi.output import Unknown
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from localcloud.provider.check import check_inputs
from localcloud.provider.property_values import UNKNOWN
from localcloud.provider.rules import Rules, load
from localcloud.provider.types import resource_type, tokens
from tests.unit import kubernetes
from tests.unit.lean_sdk import lean_sdk
from tests.unit.stackfiles import PROJECT

STACK, ORGANIZATION = "dev", "organization"
PASSWORD = "a-password-that-was-drawn"
SECRETS: Mapping[str, Any] = {
    "aws:secretsmanager/getRandomPassword:getRandomPassword": {"id": "us-west-2", "randomPassword": PASSWORD},
    "aws:secretsmanager/getSecretVersion:getSecretVersion": {"id": "", "secretString": PASSWORD},
}
"""What the account answers for a password."""
ADDRESSES: Mapping[str, Any] = {
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": {"id": "pl-cloudfront", "name": "", "addressFamily": "IPv4"},
}
"""What the account answers for CloudFront's addresses."""
COMPUTED: Mapping[str, tuple[str, ...]] = {
    "aws:kms/key:Key": ("keyId",),
    "aws:lb/loadBalancer:LoadBalancer": ("dnsName", "zoneId"),
    "aws:rds/cluster:Cluster": ("endpoint", "readerEndpoint"),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": ("name",),
    "aws:rds/subnetGroup:SubnetGroup": ("name",),
    "aws:secretsmanager/secretVersion:SecretVersion": ("versionId",),
}
"""Outputs by type, beside id and ARN: each is told by the resource's name and its own."""


@dataclass(frozen=True, kw_only=True)
class Registered:
    """One resource as the engine would have been asked for it."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    secrets: frozenset[str]
    """Names of the inputs that are marked as secret."""
    provider: str
    parent: str
    depends_on: frozenset[str]
    """Names of the resources that were asked to be made first."""
    protect: bool
    retain: bool
    delete_before_replace: bool
    import_id: str
    ignore_changes: tuple[str, ...]
    replace_on_changes: tuple[str, ...]
    delete_timeout: str
    """Empty: the provider's own."""
    alias_types: frozenset[str]
    """Types that the resource had before."""
    alias_names: frozenset[str]
    """Names that it had before."""
    variables: Mapping[str, str]
    """Of a provider: what it reads in the place of which variable."""

    def json(self, key: str) -> Any:
        """An input that is a JSON text."""
        return json.loads(self.inputs[key])


@dataclass
class Recording:
    resources: list[Registered] = field(default_factory=list[Registered])
    exports: dict[str, Any] = field(default_factory=dict[str, Any])
    calls: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])

    def of(self, type_: str) -> list[Registered]:
        """The resources of a type, by the end of its token (``s3/bucket:Bucket``)."""
        return [one for one in self.resources if one.type.endswith(type_)]

    def one(self, name: str, type_: str = "") -> Registered:
        found = [one for one in self.resources if one.name == name and one.type.endswith(type_)]
        assert len(found) == 1, f"{len(found)} resources are named {name!r}: {[one.type for one in found]}"
        return found[0]

    @property
    def names(self) -> set[str]:
        return {one.name for one in self.resources}


@cache
def rules_by_token() -> dict[str, Rules]:
    """The provider's rules of every type that it knows."""
    return {token: load(resource_type(token).tf) for token in tokens()}


def tagged(type_: str) -> bool:
    """Whether resources of the type take tags."""
    return rules_by_token()[type_].tagged


def _whole(value: Any) -> Any:
    """As the provider sees it: whole numbers, which arrive as floats, are ints; what is unknown is its own mark; a
    secret is its value."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if rpc.is_rpc_secret(value):
        return _whole(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _computed(type_: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What AWS makes up beside the ARN, where a program uses it."""
    if type_ == "aws:cloudfront/distribution:Distribution":
        return {"domainName": "d1.cloudfront.net", "hostedZoneId": "Z2FDTNDATAQYW2"}
    if type_ == "aws:eks/cluster:Cluster":
        return kubernetes.computed(inputs)
    if type_ == "aws:route53/record:Record":
        return {"fqdn": inputs["name"]}
    if type_ == "aws:acm/certificate:Certificate":
        proof = {"resourceRecordType": "CNAME", "resourceRecordValue": "_v.acm-validations.aws."}
        hosts = inputs["subjectAlternativeNames"]
        options = [{"domainName": host, "resourceRecordName": f"_p.{host}.", **proof} for host in hosts]
        return {"domainValidationOptions": options}
    return {}


class Refused(grpc.RpcError):
    """What an answer raises for the provider to refuse the call."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self.text


class _Mocks(mocks.Mocks):
    def __init__(self, recording: Recording, answers: Mapping[str, Any]) -> None:
        self.recording, self.answers = recording, {**SECRETS, **ADDRESSES, **answers}
        self.objects = kubernetes.Objects()

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        self.recording.calls.append((args.token, args.args))
        if args.token not in self.answers:
            raise AssertionError(f"unexpected call: {args.token} {args.args}")
        answer = self.answers[args.token]
        return cast("dict[str, Any]", answer(args.args) if callable(answer) else answer), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ.startswith("pulumi:providers:"):
            return args.name, args.inputs
        if args.typ.startswith("kubernetes:"):
            self.objects.create(args.typ, _whole(args.inputs))
            return f"{args.name}-id", args.inputs
        if not args.custom:
            return "", args.inputs
        if args.typ not in rules_by_token():
            raise AssertionError(f"unknown resource type {args.typ}")
        _, failures = check_inputs(rules_by_token()[args.typ], _whole(args.inputs))
        assert not failures, f"{args.typ} {args.name}: {failures}"
        arn = {"arn": f"arn:aws:mock:::{args.name}"}
        told = {key: f"{args.name}-{key}" for key in COMPUTED.get(args.typ, ())}
        return f"{args.name}-id", {**told, **args.inputs, **arn, **_computed(args.typ, args.inputs)}


class _Monitor(mocks.MockMonitor):
    def __init__(self, recording: Recording, answers: Mapping[str, Any]) -> None:
        super().__init__(_Mocks(recording, answers))
        self.recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name is the engine's
        component = request.type == kubernetes.COMPONENT
        response = self._component(request) if component else super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            given = kubernetes.without_role(request.object) if component else rpc.deserialize_properties(request.object)
            self.recording.resources.append(
                Registered(
                    urn=response.urn,
                    type=request.type,
                    name=request.name,
                    inputs=_whole(given),
                    secrets=frozenset(key for key, value in given.items() if rpc.is_rpc_secret(value)),
                    provider=request.provider,
                    parent=request.parent,
                    depends_on=frozenset(urn.split("::")[-1] for urn in request.dependencies),
                    protect=bool(request.protect),
                    retain=bool(request.retainOnDelete),
                    delete_before_replace=bool(request.deleteBeforeReplace),
                    import_id=request.importId,
                    ignore_changes=tuple(request.ignoreChanges),
                    replace_on_changes=tuple(request.replaceOnChanges),
                    delete_timeout=request.customTimeouts.delete,
                    alias_types=frozenset(alias.spec.type for alias in request.aliases if alias.spec.type),
                    alias_names=frozenset(alias.spec.name for alias in request.aliases if alias.spec.name),
                    variables=dict(request.envVarMappings),
                )
            )
        return response

    def _component(self, request: Any) -> Any:
        """A component whose resources another process makes: pulumi_eks's."""
        urn = self.make_urn(request.parent, request.type, request.name)
        role = str(self.resources[kubernetes.service_role(request)].state["arn"])
        outputs = kubernetes.make_component(request, urn, role, self.RegisterResource)
        content = struct_pb2.Struct()
        content.update(outputs)
        return resource_pb2.RegisterResourceResponse(urn=urn, object=content)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name is the engine's
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self.recording.exports |= rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


def record(
    program: Callable[[], object],
    *,
    stack: str = STACK,
    config: Mapping[str, str] | None = None,
    secret: list[str] | None = None,
    answers: Mapping[str, Any] | None = None,
    preview: bool = False,
) -> Recording:
    """Runs a program to its end and returns what it registered. What it raises is raised here.

    ``answers``: what provider and engine functions return, by token; or what gives it from a call's arguments.
    """
    recording = Recording()
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(_deploy, program, recording, stack, config or {}, secret or [], answers or {}, preview).result()
    return recording


def _deploy(
    program: Callable[[], object],
    recording: Recording,
    stack: str,
    config: Mapping[str, str],
    secret: list[str],
    answers: Mapping[str, Any],
    preview: bool,
) -> None:
    """In a thread of its own: the SDK keeps state in context variables, and walks the stack for each resource."""
    monitor = _Monitor(recording, answers)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    tasks: list[asyncio.Task[Any]] = []

    def started(its_loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        tasks.append(asyncio.Task(work, loop=its_loop, **more))
        return tasks[-1]

    def called(_executor: None, call: Callable[[], object]) -> asyncio.Future[Any]:
        answer = loop.create_future()
        answer.set_result(call())
        return answer

    # The mocks answer at once: nothing is gained by a thread that calls them.
    loop.run_in_executor = called  # pyright: ignore[reportAttributeAccessIssue]
    # asyncio.all_tasks looks through those of all deployments before this one that nobody has collected yet.
    loop.set_task_factory(started)
    try:
        mocks.set_mocks(monitor.mocks, PROJECT, stack, preview, monitor=monitor, organization=ORGANIZATION)
        settings.ROOT.set(None)
        cast("Any", settings.SETTINGS).outputs.clear()  # of a program that failed
        pulumi.runtime.set_all_config(dict(config), secret)

        def run() -> None:
            program()

        with lean_sdk():
            loop.run_until_complete(run_in_stack(run))
    finally:
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        asyncio.set_event_loop(None)
        loop.close()
