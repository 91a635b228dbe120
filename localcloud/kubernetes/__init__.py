"""Kubernetes for the local cloud's clusters: the API server, its controllers, and the node agent that runs pods."""
