"""AWS Step Functions that execute: definitions checked as AWS checks them, run as the machine's role."""
