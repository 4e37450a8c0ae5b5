"""Makes ``admin_2026-10.graphql`` again: of Shopify's Admin schema, the part that our documents touch.

    npm pack @shopify/dev-mcp && tar xzf shopify-dev-mcp-*.tgz
    python tests/platforms/shopify/make_schema.py package/dist/data/admin_2026-10.json.gz

The package (ISC licence, see ``LICENSE-shopify-dev-mcp`` beside this file) carries the whole schema as an introspection, 3,546 types. Every
document is validated against the whole one first, and must not use anything that is deprecated.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path

import graphql
from graphql import GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, visit
from graphql.validation import NoDeprecatedCustomRule, specified_rules

from autopilot.platforms.shopify.documents import DOCUMENTS, VERSION

OFFERS_KEYS = "idempoten"
"""What the description of a mutation says that takes ``@idempotent``."""


class Touched(Visitor):
    """Fields by type, arguments by field, and types that documents name."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info = info
        self.fields: dict[str, set[str]] = defaultdict(set)
        self.arguments: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.types: set[str] = set()

    def enter_field(self, node: graphql.FieldNode, *_: object) -> None:
        parent = self.info.get_parent_type()
        field = self.info.get_field_def()
        assert parent is not None
        assert field is not None
        self.fields[parent.name].add(node.name.value)
        self.arguments[parent.name, node.name.value] |= {argument.name.value for argument in node.arguments or ()}
        self.types.add(graphql.get_named_type(field.type).name)

    def enter_named_type(self, node: graphql.NamedTypeNode, *_: object) -> None:
        self.types.add(node.name.value)


def part_of(schema: GraphQLSchema, documents: tuple[str, ...]) -> str:
    """SDL of what these documents touch."""
    info = TypeInfo(schema)
    touched = Touched(info)
    for document in documents:
        parsed = graphql.parse(document)
        errors = graphql.validate(schema, parsed, [*specified_rules, NoDeprecatedCustomRule])
        if errors:
            raise SystemExit("\n".join(str(error) for error in errors))
        visit(parsed, TypeInfoVisitor(info, touched))
    lines = ["schema { query: QueryRoot mutation: Mutation }", _directive(schema), ""]
    done: set[str] = set()
    waiting = sorted(touched.types | {"QueryRoot", "Mutation"})
    while waiting:
        name = waiting.pop(0)
        if name in done or name in graphql.specified_scalar_types:
            continue
        done.add(name)
        text, further = _type(schema, name, touched)
        lines += [text, ""]
        waiting = sorted({*waiting, *further} - done)
    return "\n".join(lines)


def _type(schema: GraphQLSchema, name: str, touched: Touched) -> tuple[str, set[str]]:
    kind = schema.type_map[name]
    if isinstance(kind, graphql.GraphQLScalarType):
        return f"scalar {name}", set()
    if isinstance(kind, graphql.GraphQLEnumType):
        return f"enum {name} {{ {' '.join(kind.values)} }}", set()
    if isinstance(kind, graphql.GraphQLInputObjectType):
        # of inputs, all that is plain: what a document's variables hold is not to be seen in the document
        plain = {key: field for key, field in kind.fields.items() if graphql.is_leaf_type(graphql.get_named_type(field.type))}
        body = "\n".join(f"  {key}: {field.type}" for key, field in plain.items())
        return f"input {name} {{\n{body}\n}}", {graphql.get_named_type(field.type).name for field in plain.values()}
    assert isinstance(kind, graphql.GraphQLObjectType | graphql.GraphQLInterfaceType)
    interfaces = [one for one in kind.interfaces if one.name in touched.types]
    fields = set(touched.fields[name]).union(*(touched.fields[one.name] or {"id"} for one in interfaces)) or {"id"}
    shown: list[str] = []
    further: set[str] = set()
    for key in sorted(fields - {"__typename"}):
        field = kind.fields[key]
        wanted = touched.arguments[name, key]
        arguments = {a: arg for a, arg in field.args.items() if a in wanted or graphql.is_required_argument(arg)}
        inside = ", ".join(f"{a}: {arg.type}" for a, arg in arguments.items())
        shown.append(f"  {key}{f'({inside})' if inside else ''}: {field.type}")
        further |= {graphql.get_named_type(one.type).name for one in (field, *arguments.values())}
    word = "interface" if isinstance(kind, graphql.GraphQLInterfaceType) else "type"
    return f"{word} {name}{f' implements {interfaces[0].name}' if interfaces else ''} {{\n" + "\n".join(shown) + "\n}", further


def _directive(schema: GraphQLSchema) -> str:
    """``@idempotent``, and which mutations say that they take it."""
    mutation = schema.mutation_type
    assert mutation is not None
    taking = [name for name, field in mutation.fields.items() if OFFERS_KEYS in (field.description or "").lower()]
    return f'"""Taken by: {", ".join(taking)}."""\ndirective @idempotent(key: String!) on FIELD'


def main(path: Path) -> None:
    """Write it beside this file."""
    # Shopify deprecates fields of types but not of their interfaces, which the specification forbids
    whole = graphql.build_client_schema(json.loads(gzip.decompress(path.read_bytes()))["data"], assume_valid=True)
    head = f"# The part of Shopify's Admin GraphQL schema {VERSION} that our documents touch; made by make_schema.py from {path.name}\n"
    head += "# of the npm package @shopify/dev-mcp, Copyright 2025-present, Shopify Inc., ISC licence (LICENSE-shopify-dev-mcp).\n\n"
    Path(__file__).with_name(f"admin_{VERSION}.graphql").write_text(head + part_of(whole, DOCUMENTS))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
