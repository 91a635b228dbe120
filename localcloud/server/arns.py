"""What an ARN says of the resource that has it."""

from __future__ import annotations


class HasArn:
    """Its account and region."""

    arn: str

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]
