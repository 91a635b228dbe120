"""
`portal diagram`: the deployed resources of all accounts as one picture.

What is drawn is read from the stacks' states, and so is what flows: origins of distributions, targets of load
balancers, secrets that pods mount, rules of security groups, and the S3 actions that jobs' roles allow.
"""
