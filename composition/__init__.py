"""From settings to components: the only code that knows both."""

from composition import short_previews

short_previews.register_parts()  # before any module below imports pulumi_aws
