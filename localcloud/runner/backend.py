"""
WDL tasks as processes: the container backend of miniwdl that replaces Docker.

Why our own and not the package miniwdl-backend-bare: that one signals the direct child alone (what the task started
goes on after a kill), passes its whole environment on (tasks would see what no container sees), knows no memory
limit, and links inputs once only (a retried task has none).

What a task gets: its command by the configured shell in the folder `work`, inputs as links, an environment of its own
(PATH, HOME, TMPDIR, LANG, and what the workflow or the job passes on), its limit of memory. What differs from a
container: the image must be one that the job may pull, and is not used (its programs are those of this virtual
environment and of the system), the file system is the host's, and an input could be written to through its link
(`COPY_INPUT_FILES` of miniwdl's configuration makes inputs private).

A retry begins with an empty `work` folder under the same name, so that the command's text, which holds paths, stays
true; the folder of the failed attempt is kept as `work.failed1`, `work.failed2`, ...
"""

import logging
import multiprocessing
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
from WDL.runtime import config
from WDL.runtime.error import Terminated
from WDL.runtime.task_container import TaskContainer

from localcloud.runner import images, processes

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
log = logging.getLogger(__name__)


class ProcessContainer(TaskContainer):
    """One task (with its retries) as a process group."""

    @classmethod
    def global_init(cls, cfg: config.Loader, logger: logging.Logger) -> None:
        """Nothing to prepare."""

    @classmethod
    def detect_resource_limits(cls, cfg: config.Loader, logger: logging.Logger) -> dict[str, int]:  # noqa: ARG003 - as the base says
        """The host's: what a single task may ask for at most."""
        return {"cpu": multiprocessing.cpu_count(), "mem_bytes": psutil.virtual_memory().total}

    def __init__(self, cfg: config.Loader, run_id: str, host_dir: str) -> None:
        super().__init__(cfg, run_id, host_dir)
        self.container_dir = self.host_dir
        self._linked = False

    def host_work_dir(self) -> str:
        return str(Path(self.host_dir, "work"))

    def reset(self, logger: logging.Logger) -> None:
        work = Path(self.host_work_dir())
        if work.exists():
            work.rename(work.with_name(f"work.failed{self.try_counter}"))
        self._linked = False
        super().reset(logger)

    def host_path(self, container_path: str, inputs_only: bool = False) -> str | None:
        """As in a container: `stdout()` and `stderr()` are those of the last attempt."""
        streams = {"stdout.txt": self.host_stdout_txt(), "stderr.txt": self.host_stderr_txt()}
        for name, path in streams.items():
            if container_path == str(Path(self.container_dir, name)):
                return str(path)
        return super().host_path(container_path, inputs_only)

    def copy_input_files(self, logger: logging.Logger) -> None:
        super().copy_input_files(logger)
        self._linked = True

    def _link_input_files(self) -> None:
        if self._linked:
            return
        for source, inside in self.input_path_map.items():
            link = Path(inside.rstrip("/"))
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(source.rstrip("/"))
        self._linked = True

    def _run(self, logger: logging.Logger, terminating: Callable[[], bool], command: str) -> int:
        images.check(str(self.runtime_values.get("docker") or ""))
        self._link_input_files()
        script = Path(self.host_dir, "command")
        script.write_text(command)
        log.info("task %s: image %s is not used, running as a process", self.run_id, self.runtime_values.get("docker"))
        with self.poll_stderr_context(logger) as show_stderr, self.task_running_context():
            ended = processes.run(
                processes.Command(
                    arguments=[*shlex.split(self.cfg.get("task_runtime", "command_shell")), str(script)],
                    directory=Path(self.host_work_dir()),
                    environment=self._environment(),
                    stdout=Path(self.host_stdout_txt()),
                    stderr=Path(self.host_stderr_txt()),
                    memory_limit=self.runtime_values.get("memory_limit"),
                ),
                terminating,
                show_stderr,
            )
            show_stderr()
        if terminating():
            raise Terminated
        if ended.over_memory:
            limit = self.runtime_values["memory_limit"]
            self.failure_info = {"memory": f"the task used more than its memory of {limit >> 20} MiB"}
        return ended.status

    def _environment(self) -> dict[str, str]:
        home, scratch = Path(self.host_dir, "home"), Path(self.host_dir, "tmp")
        home.mkdir(exist_ok=True)
        scratch.mkdir(exist_ok=True)
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), SYSTEM_PATH]),
            "HOME": str(home),
            "TMPDIR": str(scratch),
            "LANG": "C.UTF-8",
            **self.runtime_values.get("env", {}),
        }
