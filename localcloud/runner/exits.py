"""
How the runner ends, as exit statuses.

What a caller may rely on: 0 is success; 143 is said if and only if the runner itself received SIGTERM, which is what
ECS sends when the host is taken away, the job is terminated or its time is over. A WDL task that ends with 143 by
itself is a failure of the program (1), so that it can't pass for a reclaim; any other status of a task is passed on.
"""

import signal

SUCCESS = 0
FAILED = 1  # the output could not be delivered, or a task ended with TERMINATED by itself
REFUSED = 2  # workflow or input are not what they should be; also every failure of miniwdl's own
TERMINATED = 128 + signal.SIGTERM  # 143, as a shell and Docker report a process ended by SIGTERM
OUT_OF_MEMORY = 128 + signal.SIGKILL  # 137, as the kernel's out-of-memory killer leaves it


def of_task(status: int) -> int:
    """The runner's exit status when a task's command failed with `status`."""
    return FAILED if status in {SUCCESS, TERMINATED} else status
