"""Why a container waits, in the kubelet's words."""

from __future__ import annotations


class CannotStartError(Exception):
    """The container can't be started now; ``reason`` is that of its waiting state."""

    def __init__(self, message: str, reason: str = "CreateContainerConfigError") -> None:
        super().__init__(message)
        self.reason = reason


class CannotPullError(CannotStartError):
    """The image can't be pulled now, as containerd says it."""

    def __init__(self, image: str, why: str) -> None:
        super().__init__(
            f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: {why}',
            "ErrImagePull",
        )
        self.back_off = f'Back-off pulling image "{image}": {self.reason}: {self}'


class CannotMountError(Exception):
    """A volume can't be set up now."""


class UnsupportedError(Exception):
    """The manifest asks for what a process of this machine can't have."""
