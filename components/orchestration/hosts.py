"""What the machines of the jobs are made from: launch template, start-up script, role.

Rests on: Batch takes user data as MIME multi-part alone; the root volume of Amazon's ECS image grows to the size that
the template gives it; a job's container shares the host's network (Batch on EC2 knows no other way), so the hop limit
of one keeps instance metadata from the workflow's own containers, which are bridged, and not from the job's. That one
holds the Docker socket, hence the host: the machine's role can do nothing but serve ECS.
"""

from __future__ import annotations

import base64
import textwrap
from typing import Final

ROOT_DEVICE: Final = "/dev/xvda"
SCRATCH: Final = "/mnt"
"""Where jobs work on the host: swipe's image expects its volume there."""
IMAGE_TYPE: Final = "ECS_AL2023"
NVME: Final = "nvme"
_BOUNDARY: Final = "==PORTAL=="
_AGENT: Final = """
    cat >> /etc/ecs/ecs.config <<'END'
    ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
    ECS_CONTAINER_STOP_TIMEOUT=110s
    ECS_IMAGE_PULL_BEHAVIOR=default
    END
    """
"""A machine that is taken back gives two minutes: its jobs are told at once and have most of that."""
_METADATA: Final = """
    iptables --table filter --new-chain DOCKER-USER || true
    iptables --insert DOCKER-USER 1 --destination 169.254.169.254/32 --jump DROP
    """
_NVME: Final = """
    disks=$(lsblk --nodeps --noheadings --output NAME,MODEL | awk '/Instance Storage/ {print "/dev/" $1}')
    set -- $disks
    dnf install --assumeyes --quiet mdadm xfsprogs
    mdadm --create /dev/md0 --level 0 --force --raid-devices $# $disks
    mkfs.xfs /dev/md0
    mount /dev/md0 /mnt
    mkdir --parents /mnt/docker /etc/docker
    echo '{"data-root": "/mnt/docker"}' > /etc/docker/daemon.json
    """


def start_up(scratch: int | str) -> str:
    """The script that runs before Docker and the ECS agent start. ``scratch``: GiB of the root volume, or ``nvme``."""
    parts = [_AGENT, _METADATA, *([_NVME] if scratch == NVME else [])]
    return "#!/bin/bash\nset -euo pipefail\n" + "".join(textwrap.dedent(part).lstrip("\n") for part in parts)


def user_data(scratch: int | str) -> str:
    """The script as Batch takes it: MIME multi-part, in base64."""
    text = (
        f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{_BOUNDARY}"\n\n'
        f'--{_BOUNDARY}\nContent-Type: text/cloud-boothook; charset="us-ascii"\n\n'
        f"{start_up(scratch)}\n--{_BOUNDARY}--\n"
    )
    return base64.b64encode(text.encode()).decode()
