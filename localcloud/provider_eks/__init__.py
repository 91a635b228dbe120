"""The `eks` component plugin for the Pulumi engine: `eks:index:Cluster` in EKS Auto Mode.

It registers the resources that pulumi-eks 4.3.0 registers, under the same names and parents and with the same inputs,
so that a program's state is the same here and on AWS. What it does not carry out is an error that names it. The real
plugin is a Node.js program of 200 MB that takes three seconds to say so.
"""

VERSION = "4.3.0"
"""The version of pulumi-eks that it stands in for, and the one the SDK asks the engine for."""
