"""Values of inputs: written at the node, or made by nodes whose result the graph alone decides."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from medialab.infotext.programs.comfyui.graph import Graph, Link, Node, UnknownValueError

_DEEPEST = 100  # nodes between an input and its value
_LONGEST = 100_000  # characters of a text that nodes join
_RATIO = re.compile(r"(\d{1,3}):(\d{1,3})\b", re.ASCII)
_STEP = 8  # pixels, in which a size is chosen
_FAR = 2**65  # no setting is larger than a seed of 64 bits
_MOST_TEXTS = 100  # that one node joins
_MISSING = object()
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)

# Nodes that give the value of an input of theirs, by type; several: one for each output.
_GIVES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("PrimitiveInt", "PrimitiveFloat", "PrimitiveBoolean"), ("value",)),
    **dict.fromkeys(("PrimitiveString", "PrimitiveStringMultiline"), ("value",)),
    **dict.fromkeys(("INTConstant", "FloatConstant", "BOOLConstant"), ("value",)),
    **dict.fromkeys(("StringConstant", "StringConstantMultiline"), ("string",)),
    **dict.fromkeys(("SeedNode", "Seed (rgthree)", "easy seed", "CR Seed"), ("seed",)),
    **dict.fromkeys(("Seed Everywhere", "Seed"), ("seed",)),
    **dict.fromkeys(("String Literal", "Simple String"), ("string",)),
    **dict.fromkeys(("Text Multiline", "Text box", "Textbox", "Text"), ("text",)),
    **dict.fromkeys(("CR Text", "CR Prompt Text"), ("text", "prompt")),
    **dict.fromkeys(("ShowText|pysssss", "PreviewAny", "Display Any (rgthree)"), ("text",)),
    **dict.fromkeys(("ttN text", "String", "JjkText", "TextInput_"), ("text",)),
    "Int Literal": ("int",),
    "Float Literal": ("float",),
    "Int": ("Number", "Value"),
    "ComfyNumberConvert": ("value",),
    "easy int": ("value",),
    "easy float": ("value",),
    "easy string": ("value",),
    "easy positive": ("positive",),
    "easy negative": ("negative",),
    "Reroute": ("",),
    "Reroute (rgthree)": ("",),
}


def _concatenated(values: "Values", node: Node, _slot: int, depth: int) -> str:
    parts = [_text(values.of(node, name, depth)) for name in ("string_a", "string_b")]
    return _within(_text(values.of(node, "delimiter", depth)), parts)


def _joined(values: "Values", node: Node, _slot: int, depth: int) -> str:
    """Join all inputs but the options, in the order of their names."""
    options = {"delimiter", "separator", "clean_whitespace", "linebreak_addition", "inputcount"}
    given = [name for name in sorted(node.inputs) if name not in options][:_MOST_TEXTS]
    texts = [_text(values.of(node, name, depth)) for name in given]
    between = next((name for name in ("delimiter", "separator") if name in node.inputs), None)
    sign = _text(values.of(node, between, depth)) if between else ""
    kept = [text for text in texts if text.strip()]
    return _within(sign.replace("\\n", "\n"), kept)


def _replaced(values: "Values", node: Node, _slot: int, depth: int) -> str:
    text, old, new = (_text(values.of(node, name, depth)) for name in ("string", "find", "replace"))
    if not old or len(text) + text.count(old) * len(new) > _LONGEST:
        raise UnknownValueError(f"its node {node.type} cannot be followed")
    return text.replace(old, new)


def _chosen(values: "Values", node: Node, _slot: int, depth: int) -> Any:
    is_on = values.of(node, "switch", depth)
    return values.of(node, "on_true" if is_on is True else "on_false", depth)


def _side(values: "Values", node: Node, slot: int, depth: int) -> int:
    """Return a side of the size that has some number of pixels, and sides in some ratio."""
    ratio = _RATIO.match(_text(values.of(node, "aspect_ratio", depth)))
    pixels = values.of(node, "megapixels", depth)
    step = values.of(node, "multiple", depth) if "multiple" in node.inputs else _STEP
    sides = [int(side) for side in ratio.groups()] if ratio else [0]
    given = [pixels, step, *sides]
    if not all(isinstance(one, int | float) and 0 < one < _FAR for one in given):
        raise UnknownValueError(f"its node {node.type} cannot be followed")
    scale = math.sqrt(pixels * 2**20 / (sides[0] * sides[1]))
    return int(round(sides[min(max(slot, 0), 1)] * scale / step) * step)


# Nodes that compute a value in a way that is plain from the graph.
_COMPUTES: Mapping[str, Callable[["Values", Node, int, int], Any]] = {
    "StringConcatenate": _concatenated,
    "StringReplace": _replaced,
    "ComfySwitchNode": _chosen,
    "ResolutionSelector": _side,
    **dict.fromkeys(("Text Concatenate", "CR Text Concatenate", "JoinStrings"), _joined),
    **dict.fromkeys(("JoinStringMulti", "ConcatText", "Concat Text _O"), _joined),
}


class Values:
    """The values in one graph; each is computed once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[Link, Any] = {}

    def of(self, node: Node, name: str, depth: int = 0) -> Any:
        """Return the value of a node's input.

        Args:
            node: The node.
            name: The input.
            depth: How many nodes were passed on the way.

        Raises:
            UnknownValueError: the graph does not say it.
        """
        value = node.inputs.get(name, _MISSING)
        if value is _MISSING:
            raise UnknownValueError(f"the graph's node {node.type} does not say it")
        return self._at(value, depth) if isinstance(value, Link) else value

    def first(self, node: Node, *names: str) -> Any:
        """Return the value of the first of these inputs that the node has."""
        return self.of(node, next((name for name in names if name in node.inputs), names[0]))

    def text(self, node: Node, *names: str) -> str:
        """Return a text.

        Raises:
            UnknownValueError: the graph does not say it, or it is no text.
        """
        value = self.first(node, *names)
        if not isinstance(value, str):
            raise UnknownValueError(f"the graph's node {node.type} has {value!r:.40} for it")
        return value

    def number(self, node: Node, *names: str) -> float:
        """Return a number, whole or not.

        Raises:
            UnknownValueError: the graph does not say it, or it is no number.
        """
        value = self.first(node, *names)
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):  # as scripts write it
            value = float(value) if "." in value else int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnknownValueError(f"the graph's node {node.type} has {value!r:.40} for it")
        if not -_FAR < value < _FAR:  # also infinite, or no number at all
            raise UnknownValueError(f"the graph's node {node.type} has {value!r:.40} for it")
        return value

    def _at(self, link: Link, depth: int) -> Any:
        if link not in self._known:
            self._known[link] = UnknownValueError("its nodes are connected in a circle")
            try:
                self._known[link] = self._made_by(link, depth + 1)
            except UnknownValueError as error:
                self._known[link] = error
        found = self._known[link]
        if isinstance(found, UnknownValueError):
            raise UnknownValueError(str(found))
        return found

    def _made_by(self, link: Link, depth: int) -> Any:
        node = self._graph.source(link)
        if node is None:
            raise UnknownValueError("it comes from a node that is not in the graph")
        if depth > _DEEPEST:
            raise UnknownValueError("it comes through too many nodes")
        if node.type in _COMPUTES:
            found = _COMPUTES[node.type](self, node, link.slot, depth)
        elif node.type in _GIVES:
            found = self.of(node, self._given_by(node, link.slot), depth)
        else:
            raise UnknownValueError(f"it is made by a node {node.type}, which is not known here")
        if isinstance(found, str) and len(found) > _LONGEST:
            raise UnknownValueError(f"it has over {_LONGEST:,} characters")
        return found

    def _given_by(self, node: Node, slot: int) -> str:
        """Return the name of the input whose value a node passes on."""
        names = _GIVES[node.type]
        here = [name for name in names if name in node.inputs]
        if here:
            return here[min(max(slot, 0), len(here) - 1)] if len(here) > 1 else here[0]
        linked = list(node.links)
        if len(linked) == 1:
            return linked[0]
        raise UnknownValueError(f"the graph's node {node.type} does not say it")


def _within(sign: str, parts: Sequence[str]) -> str:
    """Join texts.

    Raises:
        UnknownValueError: the result would be too long.
    """
    if sum(map(len, parts)) + len(sign) * len(parts) > _LONGEST:
        raise UnknownValueError(f"it has over {_LONGEST:,} characters")
    return sign.join(parts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
