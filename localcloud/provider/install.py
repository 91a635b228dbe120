"""Put the plugins where the engine looks for them: PULUMI_HOME of the local cloud, nowhere else."""

import shlex
import sys
from pathlib import Path

from localcloud import provider, provider_eks, provider_kubernetes


def install_plugin(pulumi_home: Path) -> Path:
    """Install every plugin of the local cloud under PULUMI_HOME and return the path of `aws`'s."""
    _install(pulumi_home, "eks", provider_eks.VERSION, provider_eks.__name__)
    _install(pulumi_home, "kubernetes", provider_kubernetes.VERSION, provider_kubernetes.__name__)
    return _install(pulumi_home, "aws", provider.VERSION, provider.__name__)


def _install(pulumi_home: Path, name: str, version: str, module: str) -> Path:
    """Write `plugins/resource-NAME-vVERSION/pulumi-resource-NAME` and return its path.

    It runs this installation's Python, so it must be written again when the virtual environment moves.
    """
    folder = pulumi_home / "plugins" / f"resource-{name}-v{version}"
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / f"pulumi-resource-{name}"
    root = Path(__file__).resolve().parent.parent.parent
    script.write_text(
        "#!/bin/sh\n"
        f"PYTHONPATH={shlex.quote(str(root))}${{PYTHONPATH:+:$PYTHONPATH}} \\\n"
        f'exec {shlex.quote(sys.executable)} -m {module} "$@"\n'
    )
    script.chmod(0o755)
    # The engine keeps a plugin's schema by version: ours changes with the table of types, and the version doesn't.
    (pulumi_home / "schemas" / f"{name}-{version}.json").unlink(missing_ok=True)
    return script
