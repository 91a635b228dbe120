"""The modules of EC2's hooks. Importing one registers its own."""

from localcloud.server.ec2 import endpoints, flow_logs, networks, security_groups, templates

__all__ = ["endpoints", "flow_logs", "networks", "security_groups", "templates"]
