"""From settings to components: the only code that knows both."""
