"""Put the plugin where the engine looks for it: PULUMI_HOME of the local cloud, nowhere else."""

import shlex
import sys
from pathlib import Path

from localcloud.provider import VERSION


def install_plugin(pulumi_home: Path) -> Path:
    """Write `plugins/resource-aws-vVERSION/pulumi-resource-aws` under PULUMI_HOME and return its path.

    It runs this installation's Python, so it must be written again when the virtual environment moves.
    """
    folder = pulumi_home / "plugins" / f"resource-aws-v{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "pulumi-resource-aws"
    root = Path(__file__).resolve().parent.parent.parent
    script.write_text(
        "#!/bin/sh\n"
        f"PYTHONPATH={shlex.quote(str(root))}${{PYTHONPATH:+:$PYTHONPATH}} \\\n"
        f'exec {shlex.quote(sys.executable)} -m localcloud.provider "$@"\n'
    )
    script.chmod(0o755)
    # The engine keeps a plugin's schema by version: ours changes with the table of types, and the version doesn't.
    (pulumi_home / "schemas" / f"aws-{VERSION}.json").unlink(missing_ok=True)
    return script
