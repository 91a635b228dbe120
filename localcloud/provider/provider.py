"""The engine's operations on plain values: what `server.py` serves over gRPC and tests call directly.

One instance is one configured provider: the engine starts a process for each, and nothing is kept outside the
instance. Property names are the engine's (camelCase) here and Terraform's (snake_case) inside.
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar, cast

from localcloud.provider import autoname, config, functions, plan, state, tags
from localcloud.provider.check import check_inputs
from localcloud.provider.compare import Change, DiffResult, changes, empty
from localcloud.provider.errors import PartlyCreatedError, ProviderError, describe
from localcloud.provider.names import to_camel, to_snake
from localcloud.provider.property_values import UNKNOWN
from localcloud.provider.resource import Inputs, Operation, Resource
from localcloud.provider.results import Failures, ReadResult
from localcloud.provider.rules import Field, Rules, load
from localcloud.provider.session import Session
from localcloud.provider.types import resource_type

T = TypeVar("T")
Properties = dict[str, Any]
_SETTLING: Final = (0.05, 0.2, 0.5, 1.0, None)
"""Seconds after each reading until the next, while a change isn't seen."""
_DEFAULTS: Final = "__defaults"
"""The input in which pulumi-aws notes which others it filled in, so that a made-up name is told from a given one."""


class AwsProvider:
    """The `aws` provider."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._session: Session | None = None

    def cancel(self) -> None:
        """Ends what waits."""
        self.cancelled.set()

    # configuration

    def check_config(self, news: Mapping[str, Any]) -> Failures:
        """What is wrong with a provider's inputs."""
        return config.check(news)

    def diff_config(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffResult:
        """Changed settings are an update of the provider, never a replacement of what it made: as in pulumi-aws."""
        changed = sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key) and key not in config.IGNORED)
        return DiffResult([Change(key, "update", False) for key in changed])

    def configure(self, args: Mapping[str, Any]) -> None:
        """Take the settings, and refuse an account that they don't allow before any resource is touched."""
        failures = config.check(args)
        if failures:
            raise ProviderError("; ".join(f"aws:{key}: {reason}" for key, reason in failures))
        chosen = config.settings(args)
        session = Session(chosen, self.cancelled)
        if chosen.allowed_account_ids or chosen.forbidden_account_ids or not chosen.skip_credentials_validation:
            account = "" if chosen.skip_requesting_account_id else self._account(session)
            fault = config.account_fault(account, chosen)
            if fault is not None:
                raise ProviderError(fault)
        self._session = session

    def _account(self, session: Session) -> str:
        try:
            return session.account_id
        except ProviderError:
            raise
        except Exception as error:
            raise ProviderError(f"unable to validate AWS credentials. Details: {describe(error)}") from error

    @property
    def session(self) -> Session:
        """The configured session. Raises ProviderError before `configure`."""
        if self._session is None:
            raise ProviderError("the provider has not been configured")
        return self._session

    # plan

    def check(
        self, token: str, name: str, olds: Mapping[str, Any], news: Mapping[str, Any], seed: bytes
    ) -> tuple[Properties, Failures]:
        """The inputs with all that the provider fills in, and what is wrong with them."""
        code = resource_type(token)
        rules = load(code.tf)
        given = {key: value for key, value in news.items() if key != _DEFAULTS}
        filled = self._named(code, rules, name, olds, given, seed)
        checked, failures = check_inputs(rules, {**given, **filled})
        failures += _refused(token, code, rules, to_snake(rules.root, given))
        if failures:
            return dict(given), failures
        failures += self._fill(code, rules, to_snake(rules.root, olds), checked)
        inputs = to_camel(rules.root, checked)
        if filled:
            inputs[_DEFAULTS] = sorted(filled)
        return inputs, failures

    def _fill(self, code: Resource, rules: Rules, old: Mapping[str, Any], checked: dict[str, Any]) -> Failures:
        """Add what the provider's configuration and the type's plan rules say; the rules may refuse the change."""
        if rules.regional:
            checked.setdefault("region", self.session.settings.region)
        if rules.tagged:
            checked["tags_all"] = self._tags_all(checked)
        change = plan.Plan(old, checked, self.session.settings, self.session.client)
        refused = plan.apply(code.plan_rules, rules.custom_diff, change)
        return [(_camel_path(rules.root, path), reason) for path, reason in refused]

    def _tags_all(self, checked: Mapping[str, Any]) -> Any:
        override = checked.get("override_provider")
        return tags.tags_all(checked.get("tags") or {}, self.session.settings, defaults=not override)

    def _named(
        self, code: Resource, rules: Rules, name: str, olds: Mapping[str, Any], given: Mapping[str, Any], seed: bytes
    ) -> Properties:
        rule = code.autoname or autoname.rule_for(rules)
        if rule is None:
            return {}
        key = rules.fields[rule.field].pulumi
        prefix = rules.fields.get(f"{rule.field}_prefix")
        if key in given or (prefix is not None and prefix.pulumi in given):
            return {}
        if key in olds and key in olds.get(_DEFAULTS, []):
            return {key: olds[key]}
        return {key: autoname.make(rule, name, seed)}

    def diff(self, token: str, state_: Mapping[str, Any], news: Mapping[str, Any]) -> DiffResult:
        """The differences between the recorded state and the checked inputs."""
        code = resource_type(token)
        rules = load(code.tf)
        old, new = to_snake(rules.root, state_), to_snake(rules.root, news)
        replacing = [_camel_path(rules.root, path) for path in code.replaces(old, new)]
        found = [
            replace(change, replace=change.replace or _below(change.path, replacing))
            for change in self._changes(rules, old, new)
        ]
        return DiffResult(found, rules.delete_before_replace and any(change.replace for change in found))

    def _changes(self, rules: Rules, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        found: list[Change] = []
        for child in rules.fields.values():
            if not child.is_input or (child.name == "region" and "region" not in old):
                continue
            found += changes(child, new.get(child.name), old.get(child.name), child.pulumi, framework=rules.framework)
        return found

    # apply

    def create(self, token: str, news: Mapping[str, Any], *, preview: bool) -> tuple[str, Properties]:
        """Make the resource. Returns its id and all of its properties."""
        code = resource_type(token)
        rules = load(code.tf)
        new = to_snake(rules.root, news)
        if preview:
            return "", {
                **_outputs_unknown(rules, new, set(rules.fields)),
                **_computed_unknown(rules.root, _without_defaults(_stateful(rules, news))),
            }
        inputs = Inputs(new)
        op = self._operation(rules, new, new=inputs)
        resource_id = _saying(f"creating {token}", lambda: code.create(op))
        try:
            made = replace(op, resource_id=resource_id)
            _saying(f"creating {token} ({resource_id})", lambda: code.settle(made))
            _all_read(token, code, inputs, {name for name in new if name in code.handles or not empty(new[name])})
            return resource_id, self._fetch(token, code, rules, made, new)
        except Exception as error:  # whatever failed, the resource exists and must be recorded
            raise PartlyCreatedError(resource_id, _stateful(rules, news), _sentence(error)) from error

    def read(self, token: str, resource_id: str, inputs: Mapping[str, Any], state_: Mapping[str, Any]) -> ReadResult:
        """The resource as AWS has it. Without `state_` it is an import: inputs that aren't AWS's default come back."""
        code = resource_type(token)
        rules = load(code.tf)
        prior = to_snake(rules.root, {**inputs, **state_})
        op = self._operation(rules, prior, resource_id=resource_id, old=prior)
        if not state_:
            op = _at_region(rules, op)
        actual = _saying(f"reading {token} ({op.resource_id})", lambda: code.read(op))
        if actual is None:
            return ReadResult("")
        full = state.complete(rules, code.steers, actual, prior, op.settings, op.region)
        chosen = state.inputs_of(rules, full, to_snake(rules.root, inputs) if inputs else None, op.settings)
        if not inputs:
            chosen = code.imported(chosen)
            chosen |= self._filled_otherwise(token, rules, full, chosen)
        read_inputs = to_camel(rules.root, chosen)
        if _DEFAULTS in inputs:
            read_inputs[_DEFAULTS] = inputs[_DEFAULTS]
        resource_id = op.resource_id if state_ else code.known_by(op.resource_id)
        return ReadResult(resource_id, to_camel(rules.root, full), read_inputs)

    def _filled_otherwise(
        self, token: str, rules: Rules, full: Mapping[str, Any], chosen: Mapping[str, Any]
    ) -> Properties:
        """Inputs of an import that Check would fill in otherwise than AWS has them: a name, a planned default."""
        checked, _ = self.check(token, "imported", {}, to_camel(rules.root, chosen), b"")
        differing = {_top(rules, change) for change in self._changes(rules, full, to_snake(rules.root, checked))}
        return {name: full[name] for name in differing if name in full}

    def update(
        self, token: str, resource_id: str, olds: Mapping[str, Any], news: Mapping[str, Any], *, preview: bool
    ) -> Properties:
        """Carry out the differences in place. The engine updates what was partly created without any, too."""
        code = resource_type(token)
        rules = load(code.tf)
        old, new = to_snake(rules.root, olds), to_snake(rules.root, news)
        changed = {_top(rules, change) for change in self._changes(rules, old, new)}
        if preview:
            return {
                **_without_defaults(olds),
                **_outputs_unknown(rules, {}, set(code.recomputed)),
                **_computed_kept(rules.root, olds, _without_defaults(_stateful(rules, news))),
            }
        inputs = Inputs(new)
        op = self._operation(rules, new, resource_id=resource_id, old=old, new=inputs, changed=frozenset(changed))
        if changed or type(code).update is not Resource.update:
            _saying(f"updating {token} ({resource_id})", lambda: code.update(op))
        _all_read(token, code, inputs, changed & set(new))
        dropped = dict.fromkeys(name for name in changed if name not in new)
        return self._fetch(token, code, rules, op, {**old, **new, **dropped})

    def delete(self, token: str, resource_id: str, state_: Mapping[str, Any]) -> None:
        """Remove the resource."""
        code = resource_type(token)
        rules = load(code.tf)
        old = to_snake(rules.root, state_)
        op = self._operation(rules, old, resource_id=resource_id, old=old)
        what = f"deleting {token} ({resource_id})"
        _saying(what, lambda: code.delete(op))
        if code.awaits_removal:
            self._await_removal(what, code, op)

    def invoke(self, token: str, args: Mapping[str, Any]) -> Properties:
        """Call a function of the provider."""
        return _saying(f"invoking {token}", lambda: functions.invoke(token, dict(args), self.session))

    # inside

    def _operation(self, rules: Rules, values: Mapping[str, Any], **known: Any) -> Operation:
        region = values.get("region") if rules.regional else None
        return Operation(self.session, region or self.session.settings.region, **known)

    def _await_removal(self, what: str, code: Resource, op: Operation) -> None:
        for pause in _SETTLING:
            if _saying(what, lambda: code.read(op)) is None:
                return
            if pause is None or self.cancelled.wait(pause):
                raise ProviderError(f"{what}: it is still there")

    def _fetch(self, token: str, code: Resource, rules: Rules, made: Operation, prior: Mapping[str, Any]) -> Properties:
        """The state after a creation or update: read back, and compared with what was sent.

        AWS may take a moment until it answers with the new values. What then is still missing was dropped on the way:
        an error, for a resource that isn't as its program says must not look as if it were.
        """
        op = replace(made, old=prior, new={})
        what = f"{token} ({op.resource_id})"
        wanted = {name: value for name, value in prior.items() if value is not None and name in made.new}
        for pause in _SETTLING:
            actual = _saying(f"reading {what}", lambda: code.read(op))
            full = state.complete(rules, code.steers, actual or {}, prior, op.settings, op.region)
            lost = sorted(change.path for change in self._changes(rules, full, wanted))
            if actual is not None and not lost:
                return to_camel(rules.root, full)
            fault = f"AWS accepted but does not hold {', '.join(lost)}" if actual else "AWS does not have it once made"
            if pause is None or self.cancelled.wait(pause):
                raise ProviderError(f"{what}: {fault}")
        raise AssertionError("the last pause is None")


def _at_region(rules: Rules, op: Operation) -> Operation:
    """The id of an import of a regional type may end in `@region`."""
    plain_id, at, region = op.resource_id.rpartition("@")
    return replace(op, resource_id=plain_id, region=region) if rules.regional and at and region.count("-") >= 2 else op


def _saying(what: str, call: Callable[[], T]) -> T:
    """Run the call; an error of AWS's or of the network says what was being done."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call()
    except (ClientError, BotoCoreError) as error:
        raise ProviderError(f"{what}: {describe(error)}") from error
    except ProviderError as error:
        if str(error).startswith(what):
            raise
        raise type(error)(f"{what}: {error}") from error


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, ProviderError) else f"the provider failed: {error!r}"


def _refused(token: str, code: Resource, rules: Rules, given: Mapping[str, Any]) -> Failures:
    """Inputs that are right for pulumi-aws but that this provider does not carry out."""
    carried = code.handles | set(code.steers) | {"tags", "tags_all", "region"}
    refused = [name for name in given if name in rules.fields and name not in carried]
    refused += [path for path in sorted(code.refuses) if _reaches(rules.root, given, path)]
    paths = [_camel_path(rules.root, path) for path in refused]
    return [(path, f"not supported by the local cloud: {token}.{path}") for path in paths]


def _reaches(parent: Field, value: Any, path: str) -> bool:
    """Whether the path leads to a given value, through any element of lists on its way."""
    head, _, rest = path.partition(".")
    if isinstance(value, list):
        return any(_reaches(parent, item, path) for item in value)
    if not isinstance(value, Mapping) or head not in value:
        return False
    return not rest or _reaches(parent.children[head], value[head], rest)


def _camel_path(root: Field, path: str) -> str:
    """`rule[0].transition` → `rules[0].transitions`."""
    field_, words = root, list[str]()
    for word in path.split("."):
        name, bracket, index = word.partition("[")
        field_ = field_.children[name]
        words.append(field_.pulumi + bracket + index)
    return ".".join(words)


def _below(path: str, above: list[str]) -> bool:
    """Whether the Pulumi path, whatever its indices, is one of those or leads on from it."""
    plain = re.sub(r"\[[^]]*\]", "", path)
    return any(plain == one or plain.startswith(f"{one}.") for one in above)


def _top(rules: Rules, change: Change) -> str:
    head = change.path.split(".")[0].split("[")[0]
    return rules.root.by_pulumi[head].name


def _outputs_unknown(rules: Rules, given: Mapping[str, Any], names: set[str]) -> Properties:
    return {
        child.pulumi: UNKNOWN
        for child in rules.fields.values()
        if child.computed and child.name in names and child.name not in given
    }


def _computed_unknown(parent: Field, given: Mapping[str, Any]) -> Properties:
    """The properties; in single blocks, what AWS fills in is unknown."""
    fields = parent.by_pulumi
    return {
        key: {
            **{child.pulumi: UNKNOWN for child in fields[key].children.values() if child.computed},
            **_computed_unknown(fields[key], value),
        }
        if key in fields and fields[key].kind == "object" and isinstance(value, Mapping)
        else value
        for key, value in given.items()
    }


def _computed_kept(parent: Field, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Properties:
    """The properties; in single blocks, what AWS filled in stays."""
    kept = dict(news)
    for key, new in news.items():
        child, old = parent.by_pulumi.get(key), olds.get(key)
        if child and child.kind == "object" and isinstance(new, Mapping) and isinstance(old, Mapping):
            filled_in = {one.pulumi for one in child.children.values() if one.computed}
            known = {name: value for name, value in cast("Properties", old).items() if name in filled_in}
            kept[key] = {**known, **_computed_kept(child, cast("Properties", old), cast("Properties", new))}
    return kept


def _stateful(rules: Rules, inputs: Mapping[str, Any]) -> Properties:
    """Of inputs, what the state has too."""
    written_only = {child.pulumi for child in rules.fields.values() if child.write_only}
    return {key: value for key, value in inputs.items() if key not in written_only}


def _without_defaults(properties: Mapping[str, Any]) -> Properties:
    return {key: value for key, value in properties.items() if key != _DEFAULTS}


def _all_read(token: str, code: Resource, inputs: Inputs, names: set[str]) -> None:
    """No input was dropped: each that should have been carried out was looked at. Those left out of `handles` are only
    there by a default of false or nothing, which is what AWS does by itself."""
    unread = names - inputs.read - set(code.steers) - {"tags", "region"}
    if unread:
        raise ProviderError(f"{token}: the provider's code passed over {', '.join(sorted(unread))}")
