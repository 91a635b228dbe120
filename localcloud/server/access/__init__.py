"""Who may do what: AWS's policy logic, the permissions each call needs, and the decision on a call."""
