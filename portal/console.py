"""What commands tell beside their output, and the exit status of one that was interrupted."""

from __future__ import annotations

from rich.console import Console

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
say = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
