"""AWS Batch that schedules: compute environments, queues, and jobs that run as processes."""
