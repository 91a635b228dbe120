"""What forks find loaded: modules and tables of the plugins, of the program and of the SDK; what `portal` and `aws`
import."""

from __future__ import annotations

import sys
from importlib import import_module
from itertools import chain
from pkgutil import walk_packages
from typing import Any, Final, cast, get_args
from unittest.mock import patch

import botocore.session
import pulumi
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

import components
import composition
from composition import short_previews
from localcloud import botocore_caches
from localcloud.provider import rules, types
from localcloud.server.configuration import Configuration

PLUGINS: Final = (
    "localcloud.provider.server", "localcloud.provider_kubernetes.server", "localcloud.provider_eks.server",
    "localcloud.provider_eks.cluster",
)  # fmt: skip
PROGRAM: Final = (composition, components)
"""All of it: some a program comes to by an import in a function."""
SERVICES: Final = (
    "acm", "batch", "cloudfront", "cloudwatch", "ec2", "ecr", "eks", "elbv2", "events", "iam", "kms", "logs", "rds",
    "route53", "s3", "s3control", "secretsmanager", "sns", "sqs", "stepfunctions", "sts", "wafv2",
)  # fmt: skip
LATE: Final = (
    "awscli.clidriver", "awscli.handlers", "boto3.s3.inject", "encodings.idna", "grpc._channel", "grpc._server",
    "grpc._utilities", "rich._emoji_codes", "rich.status", "typer._adapters", "typer._click.decorators",
)  # fmt: skip
"""Of `aws`, and what libraries load at the first use of something."""


def load() -> None:
    short_previews.register_parts()  # before whatever may import pulumi_aws
    parts = [part for package in PROGRAM for part in walk_packages(package.__path__, f"{package.__name__}.")]
    for module in ("settings.audience", *(part.name for part in parts), *PLUGINS, *LATE):
        import_module(module)
    for package in PROGRAM:
        short_previews.load_used(package.__name__)
    _load_properties()
    # Where in the program a resource is made takes an eighth of the program's time, and no journey asks for it.
    patch.object(resource, "_get_stack_trace", source_pb2.StackTrace).start()
    _load_types()
    _load_models()
    _load_imports_of_portal()


def _load_imports_of_portal() -> None:
    """Not its own modules, which take values from variables and the terminal: each fork loads them for itself."""
    import_module("portal.app")
    for name in [name for name in sys.modules if name.partition(".")[0] == "portal"]:
        del sys.modules[name]


def _load_properties() -> None:
    """What the SDK finds out about a class's properties at its first use: of all that the program names, and of what
    those properties hold. It takes a fifth of the program's time."""
    parts = [module for module in sys.modules.values() if isinstance(module, short_previews.Part)]
    left: list[Any] = [value for part in parts for value in vars(part).values()]
    sdk, known = cast("Any", import_module("pulumi._types")), set[type]()
    while left:
        cls = left.pop()
        if not isinstance(cls, type) or cls in known:
            continue
        known.add(cls)
        if issubclass(cls, pulumi.Resource) or sdk.is_input_type(cls) or sdk.is_output_type(cls):
            properties = sdk._types_from_py_properties(cls).values()
            left += [*properties, *chain.from_iterable(map(get_args, properties))]


def _load_models() -> None:
    """botocore's models, endpoints and rules, which each session would read anew."""
    botocore_caches.install()
    session = botocore.session.Session()
    session.set_credentials("nobody", "nothing")
    for service in SERVICES:
        session.create_client(service, region_name=Configuration.region)


def _load_types() -> None:
    """What the `aws` plugin knows of each type of resource."""
    for token in types.tokens():
        rules.load(types.resource_type(token).tf)
