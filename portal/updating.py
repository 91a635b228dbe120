"""`pulumi up` of one stack as the portal's commands do it: what a killed run left behind is put right first, a preview
is shown, and a yes asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.agreement import agree, refuse_without_terminal
from portal.errors import PortalError
from portal.previewing import Step, preview
from portal.pulumi_cli import Pulumi, PulumiError, changes
from portal.recovery import Place, clear_dead_lock, was_interrupted
from portal.recovery import recover as recover_stack
from portal.state_check import refuse_foreign_state
from portal.state_key import KMS, ensure_key, key_provider, provider_of, refuse_empty_passphrase


@dataclass(frozen=True, kw_only=True)
class How:
    """Options of an update."""

    yes: bool
    refresh: bool = False
    skip_preview: bool = False
    check_steps: Callable[[Sequence[Step]], None] | None = None
    """What may refuse the steps of a preview, made before the first change."""

    def refuse_unasked(self, question: str) -> None:
        """Raises PortalError if nobody could be asked, or about nothing."""
        if self.yes:
            return
        if self.skip_preview:
            raise PortalError("--skip-preview: needs --yes: without a preview there is nothing to say yes to")
        refuse_without_terminal(question)


def ensure_stack(
    pulumi: Pulumi, place: Place, stack_file: Path, engineers: Sequence[str], *, yes: bool
) -> dict[str, Any]:
    """Makes the stack if the backend doesn't know it, with the stack file's secrets provider, or else the account's
    key, whose policy is set. Its state. CI leaves keys as they are. Raises PortalError for a state that is not the
    program's own."""
    deployment = pulumi.deployment()
    refuse_foreign_state(pulumi.stack, place.account, deployment or {})
    provider = provider_of(stack_file) if deployment is None else _provider_in(deployment)
    if deployment is None:
        refuse_empty_passphrase(pulumi.stack, provider)
    if provider is None or (provider.startswith(KMS) and provider == key_provider(place) and not place.entered):
        ensure_key(place, engineers, yes=yes)
    if deployment is not None:
        return deployment
    pulumi.init(provider or key_provider(place))
    if provider is None:
        written = provider_of(stack_file) is not None  # in the local cloud the engine writes it into a copy
        commit = f"; commit {stack_file.name}, which says so" if written else ""
        print(f"  secrets in its state: {key_provider(place)}{commit}")
    return {}


def _provider_in(deployment: Mapping[str, Any]) -> str:
    """By what the secrets in a state are encrypted, as the engine names it; empty: it doesn't say."""
    return ((deployment.get("secrets_providers") or {}).get("state") or {}).get("url", "")


def update(
    pulumi: Pulumi,
    place: Place,
    how: How,
    what: str,
    known: Mapping[str, Any],
    check_again: Callable[[], None] = lambda: None,
) -> None:
    """Brings the stack up, which the backend knows. ``what``: how the question names it; ``known``: its state, just
    read; ``check_again``: what may refuse once a recovery has taken something in. Raises PulumiError, RecoverError and
    PortalError."""
    interrupted = bool(known.get("resources")) and was_interrupted(pulumi)
    try:
        _update(pulumi, place, how, what, known, check_again, interrupted=interrupted)
    except PulumiError as error:
        if not clear_dead_lock(pulumi, error):
            raise
        print("  the lock of a dead run was removed")
        _update(pulumi, place, how, what, None, check_again, interrupted=True)


def _update(
    pulumi: Pulumi,
    place: Place,
    how: How,
    what: str,
    known: Mapping[str, Any] | None,
    check_again: Callable[[], None],
    *,
    interrupted: bool,
) -> None:
    taken_in = recover_stack(pulumi, place, interrupted=interrupted, known=known)
    for line in taken_in:
        print(f"  {line}")
    if taken_in:
        check_again()
    refresh = ["--refresh"] if how.refresh else []
    previewed = how.skip_preview
    if how.check_steps:
        how.check_steps(preview(pulumi, place.account))
        previewed = True
    if not how.yes:
        pulumi.stream("preview", "--suppress-outputs", *refresh, shown=changes)
        agree(f"Bring {what} up?", yes=False, otherwise=f"{what} was not brought up")
        refuse_foreign_state(pulumi.stack, place.account, pulumi.deployment() or {})  # again: the answer took time
        previewed = True
    pulumi.stream("up", "--yes", "--suppress-outputs", *refresh, *(["--skip-preview"] if previewed else []))
