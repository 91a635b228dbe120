"""What the machines of the jobs are made from: launch template, start-up script, role.

Rests on: Batch takes user data as MIME multi-part alone; a boothook runs at every boot, before Docker and the ECS agent
start, and cloud-init goes on whatever it returns; the root volume of Amazon's ECS image grows to the size that
the template gives it; a job's container shares the host's network (Batch on EC2 knows no other way), so the hop limit
of one keeps instance metadata from the workflow's own containers, which are bridged, and not from the job's. That one
holds the Docker socket, hence the host: the machine's role can do nothing but serve ECS.

Draining (ECS developer guide, "Draining container instances") stops the tasks of services, and Batch's tasks belong to
none. When a spot machine gets its notice, draining keeps new jobs off it; those on it run on until it shuts down. Only
then does Docker send SIGTERM, and SIGKILL 15 seconds later.
"""

from __future__ import annotations

import base64
import textwrap
from typing import TYPE_CHECKING, Final

from .limits import SCRATCH_GIB

if TYPE_CHECKING:
    from pulumi_aws.ec2 import LaunchTemplateBlockDeviceMappingEbsArgsDict, LaunchTemplateMetadataOptionsArgsDict

ROOT_DEVICE: Final = "/dev/xvda"
SCRATCH: Final = "/mnt"
"""Where jobs work on the host: swipe's image expects its volume there."""
IMAGE_TYPE: Final = "ECS_AL2023"
NVME: Final = "nvme"
METADATA_OPTIONS: Final[LaunchTemplateMetadataOptionsArgsDict] = {
    "http_endpoint": "enabled",
    "http_tokens": "required",
    "http_put_response_hop_limit": 1,
}
TAGGED: Final = ("instance", "volume")
"""Resources of a machine that get the launch template's tags."""
_BOUNDARY: Final = "==PORTAL=="
_FAIL_CLOSED: Final = """
    shut_down_unless_ready() {
        [ $? -eq 0 ] && return
        echo "start-up failed: this machine must not get jobs" >&2
        systemctl mask --runtime ecs.service || true
        shutdown --poweroff now
    }
    trap shut_down_unless_ready EXIT
    """
"""A machine without its disks would fill its small root volume. Batch's Auto Scaling group replaces one that is off."""
_NVME: Final = """
    disks=$(lsblk --nodeps --noheadings --output NAME,MODEL | awk '/Instance Storage/ {print "/dev/" $1}')
    set -- $disks
    if [ $# -eq 0 ]; then
        echo "this machine has no NVMe disks" >&2
        exit 1
    fi
    if ! mountpoint --quiet /mnt; then
        device=$1
        if [ $# -gt 1 ]; then
            device=/dev/md0
            command -v mdadm > /dev/null || dnf install --assumeyes --quiet mdadm
            mdadm --stop --scan
            mdadm --assemble $device "$@" || mdadm --create $device --run --level 0 --raid-devices $# "$@"
        fi
        [ "$(blkid --probe --match-tag TYPE --output value $device)" = xfs ] || mkfs.xfs -f $device
        mount $device /mnt
    fi
    mkdir --parents /mnt/docker /etc/docker
    echo '{"data-root": "/mnt/docker"}' > /etc/docker/daemon.json
    """
"""Docker and the jobs work on the disks, several as one RAID 0. A restart finds them as they were (the kernel may have
assembled the RAID under another name: hence the stop); after a stop and a start they are blank, and made again."""
_METADATA: Final = """
    iptables --table filter --new-chain DOCKER-USER 2> /dev/null || true
    set -- DOCKER-USER --destination 169.254.169.254/32 --jump DROP
    iptables --check "$@" 2> /dev/null || iptables --insert "$@"
    """
_AGENT: Final = """
    mkdir --parents /etc/ecs
    if ! grep --quiet --no-messages ECS_ENABLE_SPOT_INSTANCE_DRAINING /etc/ecs/ecs.config; then
        cat >> /etc/ecs/ecs.config <<'END'
    ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
    ECS_IMAGE_PULL_BEHAVIOR=default
    END
    fi
    """


def start_up(scratch: int | str) -> str:
    """The script that runs before Docker and the ECS agent start. ``scratch``: GiB of the root volume, or ``nvme``."""
    parts = [_FAIL_CLOSED, *([_NVME] if scratch == NVME else []), _METADATA, _AGENT]
    return "#!/bin/bash\nset -euo pipefail\n" + "".join(textwrap.dedent(part).lstrip("\n") for part in parts)


def user_data(scratch: int | str) -> str:
    """The script as Batch takes it: MIME multi-part, in base64."""
    text = (
        f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{_BOUNDARY}"\n\n'
        f'--{_BOUNDARY}\nContent-Type: text/cloud-boothook; charset="us-ascii"\n\n'
        f"{start_up(scratch)}\n--{_BOUNDARY}--\n"
    )
    return base64.b64encode(text.encode()).decode()


def root_volume(scratch: int | str) -> LaunchTemplateBlockDeviceMappingEbsArgsDict:
    """``scratch``: GiB, or ``nvme``, with which the root volume has the system alone."""
    return {
        "encrypted": "true",
        "delete_on_termination": "true",
        "volume_type": "gp3",
        "volume_size": SCRATCH_GIB.least if scratch == NVME else int(scratch),
    }
