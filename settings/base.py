"""What every model of a stack file is made of: strict, frozen, every key known; and the values that several share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from components import rules

T = TypeVar("T")


def rule(check: Callable[[T], str | None]) -> AfterValidator:
    """A rule of ``components.rules`` as a validator. A lenient reading skips it: its fault is known by then."""

    def validate(value: T, info: ValidationInfo) -> T:
        fault = None if info.context == "lenient" else check(value)
        if fault:
            raise PydanticCustomError("rule", "{rule}", {"rule": fault})
        return value

    return AfterValidator(validate)


def bounded(bounds: rules.Bounds) -> Any:
    """A number's bounds, which the JSON Schema has too."""
    return Field(ge=bounds.least, le=bounds.most)


def pattern(regex: str) -> Any:
    """For the JSON Schema alone: what the rule beside it refuses, an editor marks."""
    return Field(json_schema_extra={"pattern": regex})


def several(most: int) -> Any:
    """The same for a list of one or more, each given once."""
    return Field(json_schema_extra={"minItems": 1, "maxItems": most, "uniqueItems": True})


Word = Annotated[str, rule(rules.word), pattern("^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
AccountId = Annotated[str, rule(rules.account_id), pattern("^[0-9]{12}$")]
Days = Annotated[int, bounded(rules.DAYS)]
LogDays = Annotated[int, rule(rules.retention_days), Field(json_schema_extra={"enum": [*sorted(rules.RETENTION_DAYS)]})]


class Model(BaseModel):
    # Fields have docstrings, which tools/schema.py reads for the documentation. pydantic would read them in every
    # program (`use_attribute_docstrings`), by parsing each model's source again: a fiftieth of a preview.
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class BucketRef(Model):
    """A bucket of this or another stack."""

    bucket: str
    """The bucket's key under ``buckets``."""
    stack: str | None = None
    """The stack that holds it; left out: this one."""
