"""
What a job is told, by environment variables: those of the job definition and of the submit.

The names are swipe's. Of the variables named `MINIWDL__*` miniwdl reads those of its own configuration by itself: here
the task defaults (memory), the memory limit and the call cache matter.

What swipe's entry point (`scripts/init.sh`) reads without a default is required here, used or not: on AWS a job without
it fails, some only when the work is done (`DOWNLOAD_CACHE_MAX_GB`: the cache of downloads is trimmed at the end too).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

# What a task's process gets of the runner's environment: how to reach AWS as the job's role, in the job's region.
AWS_VARIABLES = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_CA_BUNDLE",
    "AWS_EC2_METADATA_DISABLED",
    "PGSSLROOTCERT",  # as an image would name a file of the authorities that certify databases
)


URIS = ("WDL_WORKFLOW_URI", "WDL_INPUT_URI", "WDL_OUTPUT_URI")
NEEDED = ("APP_NAME", "MINIWDL_DIR", "DOWNLOAD_CACHE_MAX_GB", "SFN_CURRENT_STATE")


class JobError(Exception):
    """The job can't be run as it was told; the text says what and why."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run of one workflow.

    Attributes:
        workflow_uri: s3:// URI of a `.wdl` or `.wdl.zip`
        input_uri: s3:// URI of the workflow's input, a JSON object
        output_uri: s3:// URI of the output document, written last; its folder takes every other file
        execution_id: ARN of the Step Functions execution, "" if there is none
        state: the state machine's state that submitted the job, "" if there is none
        status_file: whether `{workflow}_status2.json` is kept
        topic_arn: SNS topic that is told of each finished task, "" if there is none
        passed_on: names of environment variables that tasks get
    """

    workflow_uri: str
    input_uri: str
    output_uri: str
    execution_id: str = ""
    state: str = ""
    status_file: bool = False
    topic_arn: str = ""
    passed_on: tuple[str, ...] = AWS_VARIABLES

    @property
    def prefix(self) -> str:
        """The folder of the outputs, without a slash at its end."""
        return self.output_uri.rpartition("/")[0]


def read_job(environment: Mapping[str, str] = os.environ) -> Job:
    """The job that the environment describes.

    Raises:
        JobError: names every variable that is missing, is not an s3:// URI of an object, or not a number of GB
    """
    if missing := [name for name in (*NEEDED, *URIS) if not environment.get(name)]:
        raise JobError(f"must be set, as the image's entry point needs them: {', '.join(missing)}")
    uris = {name: environment[name] for name in URIS}
    wrong = [f"{name}={uri!r}" for name, uri in uris.items() if not uri.startswith("s3://") or uri.count("/") < 3]
    if wrong:
        raise JobError(f"must be s3:// URIs of objects: {', '.join(wrong)}")
    if not re.fullmatch("[0-9]+", environment["DOWNLOAD_CACHE_MAX_GB"]):
        raise JobError(f"must be a whole number: DOWNLOAD_CACHE_MAX_GB={environment['DOWNLOAD_CACHE_MAX_GB']!r}")
    return Job(
        workflow_uri=uris["WDL_WORKFLOW_URI"],
        input_uri=uris["WDL_INPUT_URI"],
        output_uri=uris["WDL_OUTPUT_URI"],
        execution_id=environment.get("SFN_EXECUTION_ID", ""),
        state=environment["SFN_CURRENT_STATE"],
        status_file=environment.get("OUTPUT_STATUS_JSON_FILES", "").lower() == "true",
        topic_arn=environment.get("STEP_NOTIFICATION_TOPIC_ARN", ""),
        passed_on=(*AWS_VARIABLES, *environment.get("WDL_PASSTHRU_ENVVARS", "").split()),
    )
