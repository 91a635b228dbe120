"""How large a query may be: tokens, depth, and what a row of its answer costs."""

from collections.abc import Iterator
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.language import Visitor, visit
from strawberry.extensions import SchemaExtension

MAX_TOKENS: Final = 1000
MAX_DEPTH: Final = 15
"""Levels of fields; the usual introspection query has 14."""


class Limits(SchemaExtension):
    """Refuses a query that is too large before anything is read, and tells the reader the number of its fields."""

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        yield

    def on_execute(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        if document is not None:
            if (depth := _Depths(document).deepest()) > MAX_DEPTH:
                raise GraphQLError(f"the query has {depth} levels of fields, at most {MAX_DEPTH} are answered")
            self.execution_context.context.reader.fields = _number_of_fields(document)
        yield


class _Depths:
    """
    Levels of fields in a document that was validated: no fragment contains itself.

    Each fragment is walked once. A query of a hundred fragments, each with the next one twice, has 2**100 paths.
    """

    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, int] = {}

    def deepest(self) -> int:
        operations = [node for node in self._document.definitions if isinstance(node, OperationDefinitionNode)]
        return max((self._of(node.selection_set) for node in operations), default=0)

    def _of(self, selections: SelectionSetNode | None) -> int:
        if selections is None:
            return 0
        return max(map(self._of_selection, selections.selections), default=0)

    def _of_selection(self, node: SelectionNode) -> int:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if isinstance(node, InlineFragmentNode):
            return self._of(node.selection_set)
        return 1 + self._of(node.selection_set if isinstance(node, FieldNode) else None)

    def _fragment(self, name: str) -> int:
        if name not in self._known:
            self._known[name] = self._of(self._fragments[name].selection_set)
        return self._known[name]


def _number_of_fields(document: DocumentNode) -> int:
    """At least as many as any row of the answer has: a field that a fragment repeats is answered once."""

    class Count(Visitor):
        fields = 0

        def enter_field(self, *_: object) -> None:
            self.fields += 1

    count = Count()
    visit(document, count)
    return max(count.fields, 1)
