"""A graph as ComfyUI's page saves it (`workflow`), brought to the form in which it is executed.

Subgraphs are put in their places; muted nodes are left out, bypassed ones are replaced by the input
of the same type that ComfyUI lets through; reroutes and primitive nodes are resolved.

Source: ComfyUI's frontend, its graph to prompt conversion and its workflow schema 0.4 and 1.0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medialab.infotext.foreign_json import JSON, listed, mapping
from medialab.infotext.programs.comfyui.graph import MOST_NODES, Graph, Link, Node
from medialab.infotext.programs.comfyui.widget_names import AFTER, named_values

_MUTED, _BYPASSED = 2, 4
_VIRTUAL = {"Reroute", "PrimitiveNode", "Note", "MarkdownNote"}
_DEEPEST = 16  # levels of subgraphs
_MOST_HOPS = 500  # through nodes that only pass on
_INSIDE = "-10"  # the id of a subgraph's own inputs, as the source of links in it
_LINK_PARTS = 5  # of a link written as a list: id, node, slot, node, slot, type
# Types of values that a widget holds.
_PLAIN = {"STRING", "INT", "FLOAT", "BOOLEAN", "COMBO"}


@dataclass(frozen=True)
class _Plain:
    """A value that a primitive node, or a subgraph's own widget, gives to an input."""

    value: Any


@dataclass(frozen=True)
class _Kept:
    """An input keeps the value of its own widget."""


# What an input comes from: a node's output elsewhere, one that is executed, a value, or nothing.
_Source = tuple[str, int] | Link | _Plain | _Kept | None


@dataclass
class _Drawn:
    """A node as it is drawn, with the sources of its inputs within its own graph."""

    id: str
    type: str
    mode: int
    entry: JSON
    sources: dict[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Shape:
    """A graph by itself.

    Attributes:
        nodes: Its nodes by id.
        outputs: The sources of its outputs, in order; empty for the outermost graph.
        inputs: Names of its inputs, in order.
    """

    nodes: Mapping[str, _Drawn]
    outputs: Sequence[tuple[str, int] | None]
    inputs: Sequence[str]

    @classmethod
    def of(cls, graph: JSON) -> "_Shape":
        """Return the shape of a graph or of a subgraph's definition."""
        links = dict(_links_of(graph))
        nodes: dict[str, _Drawn] = {}
        for one in listed(graph.get("nodes"))[:MOST_NODES]:
            if isinstance(one, Mapping) and isinstance(one.get("type"), str):
                node = _drawn_node(one, links)
                nodes[node.id] = node
        found = [
            (links.get(str(link)) for link in listed(one.get("linkIds")))
            for one in _slots(graph, "outputs")
        ]
        outputs = [next(filter(None, sources), None) for sources in found]
        return cls(nodes, outputs, [str(one.get("name")) for one in _slots(graph, "inputs")])


@dataclass(frozen=True)
class _Level:
    """A graph, or a subgraph in the place where it is used.

    Attributes:
        prefix: What distinguishes its nodes from those of other places: "12:".
        nodes: Its nodes by id.
        shape: The graph, wherever it is used.
        host: The node that stands for it, and the level of that node; None for the outermost.
    """

    prefix: str
    nodes: Mapping[str, _Drawn]
    shape: "_Shape"
    host: "tuple[_Drawn, _Level] | None" = None


def is_drawn(whole: JSON) -> bool:
    """Return whether an object is a graph as ComfyUI's page saves it."""
    # InvokeAI's page saves graphs too, whose links are called edges.
    has_nodes = isinstance(whole.get("nodes"), list) and "edges" not in whole
    return has_nodes and any(key in whole for key in ("links", "last_node_id", "version"))


def read_drawn(whole: JSON) -> Graph:
    """Bring a drawn graph to the form in which ComfyUI executes it."""
    return _Flattening(whole).run()


class _Flattening:
    def __init__(self, whole: JSON) -> None:
        self._whole = whole
        definitions = mapping(whole.get("definitions"))
        self._subgraphs = {
            str(one.get("id")): one
            for one in listed(definitions.get("subgraphs"))
            if isinstance(one, Mapping)
        }
        self._shapes: dict[str, _Shape] = {}
        self._inner: dict[str, _Level] = {}
        self._left = MOST_NODES
        self._found: dict[str, Node] = {}

    def run(self) -> Graph:
        shape = _Shape.of(self._whole)
        outermost = _Level("", self._drawn(shape), shape)
        levels = [outermost, *self._levels_in(outermost, 0)]
        for level in levels:
            for node in level.nodes.values():
                is_shown = node.mode not in {_MUTED, _BYPASSED} and node.type not in _VIRTUAL
                if is_shown and level.prefix + node.id not in self._inner:
                    found = self._executed(node, level)
                    self._found[found.id] = found
        return Graph(self._found, hashes_in(self._whole))

    def _drawn(self, shape: "_Shape") -> dict[str, _Drawn]:
        """Return the nodes of a graph, as many as there is room for."""
        found = dict(list(shape.nodes.items())[: max(self._left, 0)])
        self._left -= len(found) + 1
        return found

    def _levels_in(self, level: _Level, depth: int) -> Iterator[_Level]:
        """Yield the subgraphs in a level, each in its place; muted and bypassed ones too."""
        if depth > _DEEPEST:
            return
        for node in level.nodes.values():
            definition = self._subgraphs.get(node.type)
            if definition is None or self._left <= 0:
                continue
            if node.type not in self._shapes:
                self._shapes[node.type] = _Shape.of(definition)
            shape = self._shapes[node.type]
            prefix = f"{level.prefix}{node.id}:"
            inner = _Level(prefix, self._drawn(shape), shape, (node, level))
            self._inner[level.prefix + node.id] = inner
            if node.mode not in {_MUTED, _BYPASSED}:
                yield inner
                yield from self._levels_in(inner, depth + 1)

    def _executed(self, node: _Drawn, level: _Level) -> Node:
        inputs: dict[str, Any] = _values(node)
        for name, source in node.sources.items():
            found = self._resolve(source, level)
            if found is None:
                inputs.pop(name, None)
            elif not isinstance(found, _Kept):
                inputs[name] = found.value if isinstance(found, _Plain) else found
        return Node(level.prefix + node.id, node.type, inputs)

    def _resolve(self, source: tuple[str, int], level: _Level) -> Link | _Plain | _Kept | None:
        """Return what an input really comes from: a link, a plain value, or None for nothing.

        Args:
            source: Node and output in the level.
            level: The level of the input.
        """
        at: tuple[str, int] | None = source
        for _ in range(_MOST_HOPS):
            if at is None:
                break
            if at[0] == _INSIDE:
                found, level = self._given_outside(at[1], level)
            else:
                found, level = self._given_by(at, level)
            if not isinstance(found, tuple):
                return found
            at = found
        return None

    def _given_outside(self, slot: int, level: _Level) -> tuple[_Source, _Level]:
        """Return what a subgraph is given where it is used, and the level of that place."""
        if level.host is None or not 0 <= slot < len(level.shape.inputs):
            return None, level
        host, outer = level.host
        name = level.shape.inputs[slot]
        if name in host.sources:
            return host.sources[name], outer
        return _promoted(host, name), level

    def _given_by(self, at: tuple[str, int], level: _Level) -> tuple[_Source, _Level]:
        """Return what a node's output really comes from, and the level of that source."""
        node = level.nodes.get(at[0])
        if node is None or node.mode == _MUTED:
            return None, level
        if node.mode == _BYPASSED:
            return _let_through(node, at[1]), level
        if node.type == "Reroute":
            return next(iter(node.sources.values()), None), level
        if node.type == "PrimitiveNode":
            values = listed(node.entry.get("widgets_values"))
            return (_Plain(values[0]) if values else None), level
        inner = self._inner.get(level.prefix + node.id)
        if inner is None:
            return Link(level.prefix + node.id, at[1]), level
        outputs = inner.shape.outputs
        return (outputs[at[1]] if 0 <= at[1] < len(outputs) else None), inner


def _links_of(graph: JSON) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield each link's id and its source; links are lists, or objects in newer graphs."""
    for link in listed(graph.get("links")):
        if isinstance(link, Mapping):
            parts = [link.get("id"), link.get("origin_id"), link.get("origin_slot")]
        elif isinstance(link, list) and len(link) >= _LINK_PARTS:
            parts = link[:3]
        else:
            continue
        if isinstance(parts[2], int):
            yield str(parts[0]), (str(parts[1]), parts[2])


def _drawn_node(entry: JSON, links: Mapping[str, tuple[str, int]]) -> _Drawn:
    mode = entry.get("mode")
    node = _Drawn(str(entry.get("id")), entry["type"], mode if isinstance(mode, int) else 0, entry)
    for slot in _slots(entry, "inputs"):
        source = links.get(str(slot.get("link")))
        if source is not None:
            node.sources[str(slot.get("name"))] = source
    return node


def _slots(entry: JSON, name: str) -> list[JSON]:
    return [one for one in listed(entry.get(name)) if isinstance(one, Mapping)]


def _values(node: _Drawn) -> dict[str, Any]:
    """Return the values of a node's widgets, by name."""
    for key in ("widgets_values_named", "widgets_values"):
        values = node.entry.get(key)
        if isinstance(values, Mapping):
            return {str(name): one for name, one in values.items() if name != AFTER}
    slots = _slots(node.entry, "inputs")
    widgets = [str(slot.get("name")) for slot in slots if "widget" in slot]
    return named_values(node.type, listed(node.entry.get("widgets_values")), widgets)


def _promoted(host: _Drawn, name: str) -> _Plain | _Kept | None:
    """Return the value of a subgraph's input that nothing is connected to.

    It is the subgraph's own where that is written by name; else the inner node's, which the page
    keeps equal, provided that the subgraph's values hold no other.
    """
    slot = next((one for one in _slots(host.entry, "inputs") if one.get("name") == name), {})
    named = host.entry.get("widgets_values_named")
    if isinstance(named, Mapping) and name in named:
        return _Plain(named[name])
    is_widget = "widget" in slot or slot.get("type") in _PLAIN
    return _Kept() if is_widget or not slot else None


def _let_through(node: _Drawn, slot: int) -> tuple[str, int] | None:
    """Return the source that a bypassed node passes on: of the same number, else the same type."""
    outputs, inputs = _slots(node.entry, "outputs"), _slots(node.entry, "inputs")
    wanted = outputs[slot].get("type") if slot < len(outputs) else None
    ordered = [*inputs[slot : slot + 1], *inputs]
    same = (str(one.get("name")) for one in ordered if one.get("type") == wanted)
    return next((node.sources[name] for name in same if name in node.sources), None)


def hashes_in(whole: JSON) -> dict[str, str]:
    """Return the SHA-256 of the model files that a drawn graph's nodes name, by file name."""
    definitions = mapping(whole.get("definitions"))
    found = {}
    for graph in (whole, *_slots(definitions, "subgraphs")):
        for node in _slots(graph, "nodes"):
            for one in _slots(mapping(node.get("properties")), "models"):
                if str(one.get("hash_type")).casefold() == "sha256":
                    found[str(one.get("name"))] = str(one.get("hash"))
    return found
