"""Steps that the S3 tests share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import DEV, REGION, Cloud

HERE = {"LocationConstraint": REGION}
OPEN = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}


@dataclass
class Bucket:
    """A bucket and a client of its account's administrator."""

    name: str
    s3: Any

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.name}"

    def put(self, key: str, body: bytes = b"data", **params: Any) -> Any:
        return self.s3.put_object(Bucket=self.name, Key=key, Body=body, **params)

    def read(self, key: str, **params: Any) -> bytes:
        return self.s3.get_object(Bucket=self.name, Key=key, **params)["Body"].read()

    def versioned(self, status: str = "Enabled") -> Bucket:
        self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": status})
        return self

    def allow(self, *statements: dict[str, Any]) -> None:
        """Opens the bucket to policies and puts one."""
        self.s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=OPEN)
        self.s3.put_bucket_policy(Bucket=self.name, Policy=document(*statements))


_clients: dict[str | None, Any] = {}


def client(cloud: Cloud, account: str = DEV) -> Any:
    """An S3 client of the account's administrator; making one takes longer than most tests."""
    session = cloud.session(account)
    credentials = session.get_credentials()
    key = credentials.access_key if credentials else None
    if key not in _clients:
        _clients[key] = cloud.client_of(session, "s3")
    return _clients[key]


def make_bucket(cloud: Cloud, account: str = DEV, prefix: str = "bucket", **params: Any) -> Bucket:
    s3, name = client(cloud, account), cloud.name(prefix)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=HERE, **params)
    return Bucket(name, s3)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(action: str | list[str], resource: str | list[str], principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}


def md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def code_of(error: ClientError) -> str:
    response: Any = error.response
    return response["Error"]["Code"]


@dataclass
class Refused:
    """What a call was refused with."""

    error: dict[str, Any] = field(default_factory=dict[str, Any])
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def __getitem__(self, name: str) -> Any:
        return self.error[name]


@contextmanager
def refused(code: str, status: int = 400) -> Generator[Refused]:
    """The block must be refused with that error code and HTTP status."""
    told = Refused()
    with pytest.raises(ClientError) as caught:
        yield told
    response: Any = caught.value.response
    told.error.update(response["Error"])
    told.headers.update(response["ResponseMetadata"]["HTTPHeaders"])
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
