"""Clusters of Kubernetes' own programs: `make test-real`, since these take 6 minutes to build."""
