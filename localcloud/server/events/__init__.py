"""EventBridge that delivers: rules matched, targets called in the right account, and only as far as policies allow."""
