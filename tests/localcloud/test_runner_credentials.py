"""The runner's credentials, from a host that is slow to give them, has none, or takes the job away meanwhile."""

from __future__ import annotations

import threading

import boto3
import pytest
from botocore.exceptions import CredentialRetrievalError

from localcloud.runner import main
from localcloud.runner.job import JobError

TIMED_OUT = "Received error when attempting to retrieve container metadata: Read timeout on endpoint URL"
REFUSED = "Received non 200 response 400 from container metadata: not authorized to perform: sts:AssumeRole"
BUSY = "Received non 200 response 500 from container metadata: "


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the host answers in turn, in botocore's words; then it gives credentials."""
    given: list[str] = []

    def ask(_session: boto3.Session) -> object:
        if given:
            raise CredentialRetrievalError(provider="container-role", error_msg=given.pop(0))
        return object()

    monkeypatch.setattr(boto3.Session, "get_credentials", ask)
    monkeypatch.setattr(main, "CREDENTIALS_SECONDS", 0)
    return given


@pytest.mark.parametrize("tries", [0, 1, 50])
def test_a_busy_host_is_waited_for(answers: list[str], tries: int) -> None:
    answers += [TIMED_OUT, BUSY] * tries
    assert main.session_with_credentials(threading.Event())
    assert not answers


def test_a_host_that_has_no_credentials_is_not_asked_again(answers: list[str]) -> None:
    answers += [TIMED_OUT, REFUSED, TIMED_OUT]
    with pytest.raises(JobError, match=r"gives no credentials of the job's role: .* sts:AssumeRole"):
        main.session_with_credentials(threading.Event())
    assert answers == [TIMED_OUT]


def test_a_job_that_waits_can_be_stopped(answers: list[str]) -> None:
    answers += [TIMED_OUT] * 2
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(JobError, match="told to stop"):
        main.session_with_credentials(stopping)
    assert answers == [TIMED_OUT]
