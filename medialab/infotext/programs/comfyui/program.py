"""ComfyUI as a program whose settings are read: its graphs in a picture, and which branch counts.

Source: ComfyUI nodes.py SaveImage: a picture holds the whole graph, executed as `prompt` and drawn
as `workflow`, not which node saved it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from medialab.infotext.foreign_json import JSON, parse_object
from medialab.infotext.items import GRAPH, LONGEST, RawInfotext
from medialab.infotext.programs.comfyui.branch import Branch, follow, savers_of
from medialab.infotext.programs.comfyui.drawn import hashes_in, is_drawn, read_drawn
from medialab.infotext.programs.comfyui.graph import Graph, Node, is_executed, read_executed
from medialab.infotext.programs.comfyui.routes import Routes
from medialab.infotext.programs.comfyui.settings import read_branch
from medialab.infotext.programs.comfyui.values import Values
from medialab.infotext.programs.program import Texts

_PROMPT, _WORKFLOW = "prompt", "workflow"
_MARKS = ('"class_type"', '"nodes"')  # a graph's words, also in one that is damaged
_DIFFERS = "the graph saved several pictures, which differ in it"
_OF_CIVITAI = "extraMetadata"  # what CivitAI's generator writes into its graphs
_LONGEST_PREFIX = 200  # characters
_MOST_PARTS = 3  # of a prefix, around two placeholders
_SHOWN = 4  # node types that a message lists


class ComfyUI:
    """ComfyUI, and the programs that run its graphs."""

    name = "ComfyUI"

    def text_among(self, texts: Texts) -> str | None:
        """Return the executed and the drawn graph as one object; None if there is neither."""
        found = [(word, texts.get(word, "")) for word in (_PROMPT, _WORKFLOW)]
        whole = [(word, text) for word, text in found if _is_graph(parse_object(text))]
        if not whole:
            damaged = next(
                (text for _, text in found if any(mark in text for mark in _MARKS)), None
            )
            return None if damaged is None else f'{{"{_PROMPT}": {{}}, "{_WORKFLOW}": {{}}}}'
        if sum(len(text) for _, text in whole) > LONGEST // 2:
            return whole[0][1]
        return "{" + ", ".join(f'"{word}": {text}' for word, text in whole) + "}"

    def wrote(self, whole: JSON) -> bool:
        """Return whether the object is a graph, or holds one."""
        return bool(_graphs_in(whole)) or whole.keys() == {_PROMPT, _WORKFLOW}

    def read(self, whole: JSON, file_name: str) -> RawInfotext:
        """Return the settings of the branch that made the saved picture."""
        graphs = _graphs_in(whole)
        if not graphs:
            return self._refused("its graph is damaged, and cannot be read")
        executed = next((one for one in graphs if is_executed(one)), None)
        drawn = next((one for one in graphs if is_drawn(one)), None)
        if executed is not None:
            hashes = hashes_in(drawn) if drawn else {}
            graph = replace(read_executed(executed), hashes=hashes)
        else:
            graph = read_drawn(drawn or {})
        raw = self._of_graph(graph, file_name)
        if _OF_CIVITAI in (executed or {}):
            raw.program = "CivitAI"
        return raw

    def _of_graph(self, graph: Graph, file_name: str) -> RawInfotext:
        routes = Routes(graph, Values(graph))
        followed: list[tuple[Node, Branch]] = []
        for savers in savers_of(graph):
            named = [saver for saver in savers if _has_named(saver, file_name)]
            branches = [follow(saver, routes) for saver in named or savers]
            if read := [read_branch(branch, routes) for branch in branches if branch.passes]:
                return _common(read)
            followed += zip(named or savers, branches, strict=True)
        if not followed:
            types = dict.fromkeys(node.type for node in graph.nodes.values())
            return self._refused(f"its graph saves no picture; its nodes: {_listed([*types])}")
        return self._refused(_why_none(followed))

    def _refused(self, why: str) -> RawInfotext:
        return RawInfotext(items={GRAPH: why}, program=self.name)


def _graphs_in(whole: JSON) -> list[JSON]:
    """Return the graphs that an object is or holds, as objects or as texts."""
    inner = [whole.get(word) for word in (_PROMPT, _WORKFLOW)]
    parsed = [parse_object(one) if isinstance(one, str) else one for one in inner]
    return [one for one in (whole, *parsed) if isinstance(one, Mapping) and _is_graph(one)]


def _is_graph(graph: JSON | None) -> bool:
    return graph is not None and (is_executed(graph) or is_drawn(graph))


def _listed(types: Sequence[str]) -> str:
    more = f" and {len(types) - _SHOWN} more" if len(types) > _SHOWN else ""
    return ", ".join(one[:60] for one in types[:_SHOWN]) + more


def _has_named(saver: Node, file_name: str) -> bool:
    """Return whether a save node's prefix is what a picture's file is named after."""
    prefix = str(saver.inputs.get("filename_prefix") or "")[:_LONGEST_PREFIX]
    last = re.split(r"[\\/]", prefix)[-1]
    if not last or not file_name:
        return False
    # "cat" names cat_00001_.png; between two % stands what is known when it is saved.
    parts = [re.escape(part) for part in last.split("%")[::2]]
    if len(parts) > _MOST_PARTS:
        return False
    pattern = rf"{'.{0,80}'.join(parts)}_\d{{5}}_?(?:\.\w{{1,10}})?"
    return re.fullmatch(pattern, file_name[:_LONGEST_PREFIX]) is not None


def _why_none(followed: Sequence[tuple[Node, Branch]]) -> str:
    """Return why nothing is read from branches that no sampler drew."""
    savers = dict.fromkeys(saver.type for saver, _ in followed)
    branches = [branch for _, branch in followed]
    makers = [name for branch in branches for name in branch.others]
    makers += [branch.start.type for branch in branches if branch.start is not None]
    made_by = f"; it comes from {_listed([*dict.fromkeys(makers)])}" if makers else ""
    trouble = next((f"; {branch.trouble}" for branch in branches if branch.trouble), "")
    return f"no sampler that is known here made what {_listed([*savers])} saved{made_by}{trouble}"


def _common(read: Sequence[RawInfotext]) -> RawInfotext:
    """Return what all branches have in common; what differs is unknown."""
    first, others = read[0], read[1:]
    found = replace(first, items=dict(first.items), unknown=dict(first.unknown))
    for one in others:
        for key in {**first.items, **one.items}:
            if first.items.get(key) != one.items.get(key):
                found.items.pop(key, None)
                found.unknown[key] = _DIFFERS
        found.unknown = one.unknown | found.unknown
        found.not_here = one.not_here | found.not_here
        for name, label in (("prompt", "Prompt"), ("negative_prompt", "Negative prompt")):
            if getattr(first, name) != getattr(one, name):
                setattr(found, name, "")
                found.unknown[label] = _DIFFERS
        if one.loras != first.loras:
            found.loras = []
            found.unknown["LoRAs"] = _DIFFERS
        found.notes = list(dict.fromkeys((*found.notes, *one.notes)))
    return found


COMFYUI = ComfyUI()
