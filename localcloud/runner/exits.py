"""
How the runner ends, as exit statuses: swipe's contract with whoever classifies the failures of jobs.

Its entry point hands on what `miniwdl run` says: the status of the task's command if one failed (`WDL.CLI.runner`),
137 if that was killed for its memory, 2 if the run failed otherwise. What the entry point does itself, before and after
the run, fails with 1. Told to stop (SIGTERM: the host is taken away, the job is terminated or its time is over) it ends
with 143. So a task that ends with 143 by itself passes for a reclaim by its status; the error document, which a run
that was told to stop doesn't leave, tells them apart.
"""

import signal

SUCCESS = 0
REFUSED = 1
RUN_FAILED = 2
OUT_OF_MEMORY = 128 + signal.SIGKILL  # 137, as the kernel's out-of-memory killer leaves a process
TERMINATED = 128 + signal.SIGTERM  # 143, as a shell and Docker report a process ended by SIGTERM
