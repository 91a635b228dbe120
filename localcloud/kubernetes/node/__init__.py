"""The node agent: it runs the pods that are bound to a cluster's nodes as processes of this machine."""
