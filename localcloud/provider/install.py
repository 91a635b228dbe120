"""Put the plugins where the engine looks for them: PULUMI_HOME of the local cloud, nowhere else."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from localcloud import provider, provider_eks, provider_kubernetes
from localcloud.kubernetes.control_plane.installed import Programs


def install_plugin(pulumi_home: Path, python: str = sys.executable, real: Programs | None = None) -> Path:
    """Install every plugin of the local cloud under PULUMI_HOME and return the path of `aws`'s. They run by ``python``,
    so they must be installed again when it moves. In real mode `kubernetes` is Pulumi's own plugin."""
    _keep_no_logs(pulumi_home)
    kubernetes = _script(python, provider_kubernetes.__name__) if real is None else _link(real.plugin)
    _install(pulumi_home, "eks", provider_eks.VERSION, _script(python, provider_eks.__name__))
    _install(pulumi_home, "kubernetes", provider_kubernetes.VERSION, kubernetes)
    return _install(pulumi_home, "aws", provider.VERSION, _script(python, provider.__name__))


def _keep_no_logs(pulumi_home: Path) -> None:
    """A file in place of the folder for logs of the engine's commands. They take a fifth of its time, and it has no
    switch for them; where it can't make the folder it keeps none."""
    pulumi_home.mkdir(parents=True, exist_ok=True)
    (pulumi_home / "logs").touch()


def _install(pulumi_home: Path, name: str, version: str, write: Callable[[Path], None]) -> Path:
    """Put `plugins/resource-NAME-vVERSION/pulumi-resource-NAME` in place of what is there, and return its path."""
    folder = pulumi_home / "plugins" / f"resource-{name}-v{version}"
    folder.mkdir(parents=True, exist_ok=True)
    executable = folder / f"pulumi-resource-{name}"
    unfinished = executable.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    write(unfinished)
    unfinished.replace(executable)
    # The engine keeps a plugin's schema by version: ours changes with the table of types, and the version doesn't.
    (pulumi_home / "schemas" / f"{name}-{version}.json").unlink(missing_ok=True)
    return executable


def _script(python: str, module: str) -> Callable[[Path], None]:
    """Writes a script that runs a plugin of the local cloud."""

    def write(path: Path) -> None:
        root = Path(__file__).resolve().parent.parent.parent
        path.write_text(
            "#!/bin/sh\n"
            f"PYTHONPATH={shlex.quote(str(root))}${{PYTHONPATH:+:$PYTHONPATH}} \\\n"
            f'exec {shlex.quote(python)} -m {module} "$@"\n'
        )
        path.chmod(0o755)

    return write


def _link(target: Path) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)
