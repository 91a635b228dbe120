"""The batch job orchestrator: queues, job definition, state machine, notifications."""
