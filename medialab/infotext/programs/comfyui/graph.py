"""A graph of nodes in the form in which ComfyUI executes it: each input is a value or a link.

Source: ComfyUI execution.py; nodes.py SaveImage, for the text `prompt` in a picture.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from medialab.infotext.foreign_json import JSON

MOST_NODES = 10_000  # the largest graphs that people share have some hundreds
_LINK = 2  # a link is the other node's id and the number of its output


class UnknownValueError(Exception):
    """The graph does not say a value; the message is the reason, in words for the user."""


@dataclass(frozen=True)
class Link:
    """An input's source: a node's id and the number of its output."""

    node: str
    slot: int


@dataclass(frozen=True)
class Node:
    """A node.

    Attributes:
        id: Its id, unique in the graph.
        type: Its class, such as "KSampler".
        inputs: Values and links by name.
    """

    id: str
    type: str
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def link(self, *names: str) -> Link | None:
        """Return the link of the first of these inputs that has one; None if none has."""
        found = (self.inputs.get(name) for name in names)
        return next((one for one in found if isinstance(one, Link)), None)

    @property
    def links(self) -> Mapping[str, Link]:
        """All inputs that are links, by name."""
        return {name: one for name, one in self.inputs.items() if isinstance(one, Link)}


@dataclass(frozen=True)
class Graph:
    """Nodes by id, and the SHA-256 of model files by their names, where the page wrote them."""

    nodes: Mapping[str, Node]
    hashes: Mapping[str, str] = field(default_factory=dict)

    def source(self, link: Link | None) -> Node | None:
        """Return the node that a link comes from; None if there is none."""
        return self.nodes.get(link.node) if link else None

    def below(self, nodes: Iterable[Node]) -> set[str]:
        """Return the ids of these nodes and of all that depend on them."""
        takers: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for link in node.links.values():
                takers.setdefault(link.node, []).append(node.id)
        waiting = [node.id for node in nodes]
        found = set(waiting)
        while waiting:
            new = [one for one in takers.get(waiting.pop(), ()) if one not in found]
            found.update(new)
            waiting += new
        return found


def is_executed(whole: JSON) -> bool:
    """Return whether an object is a graph in the form of ComfyUI's API."""
    return any(isinstance(one, Mapping) and "class_type" in one for one in whole.values())


def read_executed(whole: JSON) -> Graph:
    """Read a graph in the form of ComfyUI's API; what is no node is passed over."""
    entries = {
        str(key): one
        for key, one in whole.items()
        if isinstance(one, Mapping) and isinstance(one.get("class_type"), str)
    }
    nodes = {}
    for key, one in entries.items():
        inputs = one.get("inputs")
        given = inputs if isinstance(inputs, Mapping) else {}
        nodes[key] = Node(
            key,
            one["class_type"],
            {str(name): _input(value, entries) for name, value in given.items()},
        )
    return Graph(nodes)


def _input(value: Any, entries: Mapping[str, Any]) -> Any:
    """Return an input's value or link; a list that is a value is wrapped as {"__value__": …}."""
    if isinstance(value, Mapping) and value.keys() == {"__value__"}:
        return value["__value__"]
    if isinstance(value, list) and len(value) == _LINK:
        node, slot = value
        is_slot = isinstance(slot, int) and not isinstance(slot, bool)
        if is_slot and isinstance(node, str | int) and str(node) in entries:
            return Link(str(node), slot)
    return value
