"""Settings that other programs write as JSON: read by their table, or told whose they are.

Source: ComfyUI nodes.py SaveImage, for its graphs.
"""

from collections.abc import Mapping

from medialab.infotext.foreign_json import (
    JSON,
    as_text,
    find,
    first_text,
    parse_object,
    plain_key,
    says_nothing,
)
from medialab.infotext.foreign_programs import PROGRAMS, Program
from medialab.infotext.items import Said

__all__ = ["COMFYUI", "GRAPH", "UNKNOWN", "parse_object", "read_object"]

COMFYUI, UNKNOWN = "ComfyUI", "another program"
GRAPH = "graph"  # the item that stands for a graph of nodes, or for JSON of no program known here


def read_object(whole: JSON) -> Said:
    """Return what a program's JSON says; of one that is not known, whose it may be."""
    if (graph := _graph(whole)) is not None:
        return graph
    for program in PROGRAMS:
        if all(any(find(whole, key) is not None for key in group) for group in program.marks):
            return _said(program, whole)
    keys = ", ".join(str(key)[:40] for key in list(whole)[:8]) or "nested too deep, or empty"
    return Said(items={GRAPH: f"JSON ({keys})"}, program=UNKNOWN)


def _said(program: Program, whole: JSON) -> Said:
    settings = program.within(whole)
    said = Said(program=program.name)
    said.prompt = first_text(settings, program.prompt)
    said.negative_prompt = first_text(settings, program.negative_prompt)
    words = {plain_key(word): item for word, item in program.words.items()}
    passed_over = {*map(plain_key, (*program.prompt, *program.negative_prompt, *program.idle))}
    for key, value in settings.items():
        plain = plain_key(str(key))
        is_off = plain not in words and value in (0, "0")
        if plain in passed_over or is_off or says_nothing(value):
            continue
        said.items[words.get(plain, str(key))] = as_text(value)
    program.finish(said, whole)
    return said


def _graph(whole: JSON) -> Said | None:
    """What is said of a graph of nodes: who made it."""
    graphs = [whole, *(parsed for key in ("prompt", "workflow") if (parsed := _inner(whole, key)))]
    if any(_is_comfy(graph) for graph in graphs):
        return Said(items={GRAPH: "a graph of nodes"}, program=COMFYUI)
    return None


def _inner(whole: JSON, key: str) -> JSON | None:
    value = whole.get(key)
    return (
        value
        if isinstance(value, Mapping)
        else parse_object(value)
        if isinstance(value, str)
        else None
    )


def _is_comfy(graph: JSON) -> bool:
    nodes = graph.get("nodes")
    if isinstance(nodes, list) and (
        "links" in graph or "last_node_id" in graph or "version" in graph
    ):
        return True
    values = list(graph.values())
    return bool(values) and any(isinstance(one, Mapping) and "class_type" in one for one in values)
