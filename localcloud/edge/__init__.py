"""CloudFront's edge: what the deployed distributions do over HTTP, by their own configuration and nothing else."""
