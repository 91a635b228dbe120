"""From the states of the stacks to boxes and flows."""

from __future__ import annotations

from collections.abc import Sequence

from portal.diagram.flows import flows, flows_of_jobs
from portal.diagram.model import Account, Deployed, Edge
from portal.diagram.nodes import account
from portal.diagram.state import State


def describe(stacks: Sequence[Deployed]) -> tuple[list[Account], list[Edge]]:
    """The accounts, and what flows in and between them."""
    states = [State(stack) for stack in stacks]
    buckets = {name: key for state in states for name, key in state.buckets.items()}
    edges = [edge for state in states for edge in (*flows(state), *flows_of_jobs(state, buckets))]
    accounts = [account(state) for state in states]
    return _in_order(accounts), sorted(set(edges), key=lambda edge: (edge.origin, edge.target))


def _in_order(accounts: Sequence[Account]) -> list[Account]:
    """What has no network is what those that have one read and write: it stands between them."""
    first, *others = sorted(accounts, key=lambda one: not one.network)
    return [first, *sorted(others, key=lambda one: bool(one.network))]
