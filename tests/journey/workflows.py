"""Workflows for journeys: each takes what the portal's client always sends; files come by web or s3:// addresses."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import WDL
from WDL import Zip

from tests.localcloud import runner_workflows
from tests.localcloud.runner_workflows import WORDS, task, workflow

__all__ = ["WORDS"]

ALWAYS_SENT: Final = 'String docker_image_id = "ubuntu"'


def _for_the_client(text: str) -> str:
    return text.replace(ALWAYS_SENT, f'{ALWAYS_SENT}\nString aws_region = ""')


def _one(command: str, inputs: str, *, outputs: str = "", result: str = "", runtime: str = "") -> str:
    """A workflow ``journey`` of the single task ``work``, which has the workflow's inputs."""
    names = [line.split("=")[0].split()[-1] for line in inputs.splitlines()]
    call = f"call work {{ input: {', '.join(f'{name} = {name}' for name in names)} }}"
    text = workflow(task("work", command, outputs, inputs), call, result, name="journey", inputs=inputs)
    return _for_the_client(text).replace('docker: "ubuntu"', f'docker: "ubuntu"\n{runtime}')


THREE_TASKS: Final = _for_the_client(runner_workflows.THREE_TASKS)
HAPPY: Final = _one(
    "cat ~{hello} > happy.txt; echo ':)' >> happy.txt",
    "File hello",
    outputs='File happy = "happy.txt"',
    result="File happy = work.happy",
)
HERE: Final = "now-it-may-be-taken"
"""A file that the task of ``TAKEN`` leaves in its folder when it is ready to be taken away."""
TAKEN: Final = _one(
    f"""
    [ -e '~{{seen}}' ] && exit 0
    trap 'exit ~{{status}}' TERM
    touch '~{{seen}}' {HERE}
    sleep 600 & wait
    """,
    "String seen\nInt status",
)
"""Runs until it is told to end, and says so with an exit status of its choice; the second time it is done at once."""
BROKEN: Final = _one("echo 'it is broken' >&2; exit ~{status}", "Int status")
GREETING: Final = _one(
    "echo $GREETING $RANDOM$RANDOM",
    "Int unused = 0",
    outputs="String text = read_string(stdout())",
    result="String text = work.text",
)
"""What it says is another text each time that it runs."""
HUNGRY: Final = _one(
    """python3 -c 'import time; eaten = b"x" * (~{mebibytes} << 20); time.sleep(~{seconds})'""",
    "Int mebibytes\nInt seconds = 600",
)
LIMITED: Final = HUNGRY.replace('docker: "ubuntu"', 'docker: "ubuntu"\nmemory: "64 MiB"')
TALKATIVE: Final = _one(
    """python3 -c 'print("v" * 300000)'""",
    "Int unused = 0",
    outputs="String text = read_string(stdout())",
    result="String text = work.text",
)


def zipped(folder: Path) -> bytes:
    """A workflow that is one call of an imported one."""
    (folder / "sub.wdl").write_text(runner_workflows.THREE_TASKS.replace("swipe_test", "sub"))
    (folder / "run.wdl").write_text(
        'version 1.0\nimport "sub.wdl" as s\nworkflow swipe_test { input { File hello\nString aws_region\n'
        "String docker_image_id }\ncall s.sub { input: hello = hello }\noutput { File out_world = sub.out_world } }\n"
    )
    Zip.build(WDL.load(str(folder / "run.wdl")), str(folder / "test.wdl.zip"), logging.getLogger("zip"))
    return (folder / "test.wdl.zip").read_bytes()
