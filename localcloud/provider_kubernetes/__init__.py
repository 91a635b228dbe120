"""The `kubernetes` resource plugin for the Pulumi engine, in light mode: every object is checked against Kubernetes'
own schemas, applied to the cluster's API server, and waited for.

It behaves as pulumi-kubernetes does with server-side apply; what it does not do is an error that says so.
"""

VERSION = "4.25.0"
"""The version of pulumi-kubernetes that it stands in for, and the one the SDK asks the engine for."""
