"""
How the runner ends, as exit statuses: its contract with whoever classifies the failures of jobs.

143 is said if, and only if, the runner itself was told to stop (SIGTERM): that is what ECS sends when the host is
taken away, the job is terminated or its time is over. 137 is said if a task was killed for its memory. Any other
failure is 1, whatever status a task's command had: a task that ends with 143 by itself must not pass for a reclaim.
The command's own status is in the error document (`exit_status`).
"""

import signal

SUCCESS = 0
FAILED = 1
OUT_OF_MEMORY = 128 + signal.SIGKILL  # 137, as the kernel's out-of-memory killer leaves a process
TERMINATED = 128 + signal.SIGTERM  # 143, as a shell and Docker report a process ended by SIGTERM


def of_task(status: int) -> int:
    """The runner's exit status when a task's command ended with `status`, a failure."""
    return OUT_OF_MEMORY if status == OUT_OF_MEMORY else FAILED
