"""The modules of EC2's hooks. Importing one registers its own, and hooks are called as they were registered."""

from localcloud.server.services.ec2 import ids  # before all others: whether an id is one comes before whose it is

# isort: split
from localcloud.server.services.ec2 import endpoints, flow_logs, networks, security_groups, templates

__all__ = ["endpoints", "flow_logs", "ids", "networks", "security_groups", "templates"]
