"""Settings that other programs write as JSON: read by that program's table, or named as foreign.

Source: ComfyUI nodes.py SaveImage, for its graphs.
"""

from collections.abc import Mapping

from medialab.infotext.foreign_json import (
    JSON,
    as_text,
    find,
    first_text,
    is_empty,
    parse_object,
    plain_key,
)
from medialab.infotext.foreign_programs import PROGRAMS, Program
from medialab.infotext.items import RawInfotext

__all__ = ["COMFYUI", "GRAPH", "UNKNOWN", "parse_object", "read_object"]

COMFYUI, UNKNOWN = "ComfyUI", "another program"
GRAPH = "graph"  # the item that stands for a graph of nodes, or for JSON of an unknown program


def read_object(whole: JSON) -> RawInfotext:
    """Read a program's JSON; for an unknown program the result holds only a description of it."""
    if (graph := _graph(whole)) is not None:
        return graph
    for program in PROGRAMS:
        if all(any(find(whole, key) is not None for key in group) for group in program.marks):
            return _read_program(program, whole)
    keys = ", ".join(str(key)[:40] for key in list(whole)[:8]) or "nested too deep, or empty"
    return RawInfotext(items={GRAPH: f"JSON ({keys})"}, program=UNKNOWN)


def _read_program(program: Program, whole: JSON) -> RawInfotext:
    settings = program.within(whole)
    raw = RawInfotext(program=program.name)
    raw.prompt = first_text(settings, program.prompt)
    raw.negative_prompt = first_text(settings, program.negative_prompt)
    words = {plain_key(word): item for word, item in program.words.items()}
    passed_over = {*map(plain_key, (*program.prompt, *program.negative_prompt, *program.idle))}
    for key, value in settings.items():
        plain = plain_key(str(key))
        is_off = plain not in words and value in (0, "0")
        if plain in passed_over or is_off or is_empty(value):
            continue
        raw.items[words.get(plain, str(key))] = as_text(value)
    program.finish(raw, whole)
    return raw


def _graph(whole: JSON) -> RawInfotext | None:
    """Describe a graph of nodes; None if the JSON holds none."""
    graphs = [whole, *(parsed for key in ("prompt", "workflow") if (parsed := _inner(whole, key)))]
    if any(_is_comfy(graph) for graph in graphs):
        return RawInfotext(items={GRAPH: "a graph of nodes"}, program=COMFYUI)
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
