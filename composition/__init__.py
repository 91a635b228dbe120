"""From settings to components: the only code that knows both."""

from composition import sdk

sdk.register()
