"""The runner's credentials, from a host that is slow to give them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import CredentialRetrievalError

from localcloud.runner import main
from localcloud.runner.job import JobError


class Host:
    """Gives no credentials the first ``failures`` times."""

    def __init__(self, failures: int) -> None:
        self.failures, self.waited = failures, list[float]()

    def get_credentials(self, _session: boto3.Session) -> object:
        if len(self.waited) < self.failures:
            raise CredentialRetrievalError(provider="container-role", error_msg="timed out")
        return object()


@pytest.fixture
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(request.param)

    def ask(session: boto3.Session) -> Any:
        return made.get_credentials(session)

    monkeypatch.setattr(boto3.Session, "get_credentials", ask)
    monkeypatch.setattr(main.time, "sleep", made.waited.append)
    return made


@pytest.mark.parametrize("host", [0, 1, 3], indirect=True)
def test_credentials_are_waited_for(host: Host) -> None:
    assert main.session_with_credentials()
    assert host.waited == list(main.CREDENTIALS_SECONDS[: host.failures])


@pytest.mark.parametrize("host", [4], indirect=True)
def test_a_job_without_credentials_is_refused(host: Host) -> None:
    with pytest.raises(JobError, match="no credentials"):
        main.session_with_credentials()
    assert len(host.waited) == 4
