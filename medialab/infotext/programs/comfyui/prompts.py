"""The prompts of one sampler: texts, and what conditions it besides them.

Source: ComfyUI nodes.py and comfy_extras/nodes_cond.py, nodes_flux.py, nodes_sd3.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from medialab.infotext.programs.comfyui.found import Found
from medialab.infotext.programs.comfyui.graph import Link, Node, UnknownValueError
from medialab.infotext.programs.comfyui.routes import Routes

_MOST_NODES = 300
_MOST_PARTS = 16
# Inputs that hold a text encoder's text; the first one counts.
_TEXTS = (
    *("populated_text", "text", "prompt", "text_g", "t5xxl", "clip_l", "user_prompt", "caption"),
    *("tags", "string", "bert"),
)
_OTHER_TEXTS = ("text_l", "clip_l", "clip_g", "llama", "system_prompt", "mt5xl")
_POLARITIES = ("positive", "negative")
# Nodes that pass a prompt on with something that no setting here expresses.
_READS_TAGS = {"ImpactWildcardEncode", "LoraTagLoader"}
_TAG = re.compile(r"<lora:[^<>]{1,300}>", re.IGNORECASE)
_EMBEDDING = re.compile(
    r"\bembedding:([\w.\-/\\]{1,200}?)(?:\.(?:safetensors|pt|bin))?(?![\w./\\-])"
)
_OURS = re.compile(r"\{[^{}]*\|[^{}]*\}|#|__\S+?__|\bAND\b|\bBREAK\b")
_WEIGHT = re.compile(r"(?<!\\)\(")


@dataclass
class Conditioning:
    """What conditions one sampler.

    Attributes:
        texts: The prompts, by "Prompt" and "Negative prompt".
        unknown: Why a prompt is not known.
        controls: ControlNets, as A1111's values of "ControlNet 0" and so on.
        guidance: Flux' own guidance; None if there is none.
        clip: The link of the first prompt's text encoder.
        others: Nodes on the way that no setting here expresses, by type.
        found: Items that texts of further encoders leave over, and notes.
    """

    texts: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    controls: dict[str, str] = field(default_factory=dict)
    guidance: float | None = None
    clip: Link | None = None
    others: dict[str, None] = field(default_factory=dict)
    found: Found = field(default_factory=Found)


def read_conditioning(prompts: Mapping[str, Link], routes: Routes) -> Conditioning:
    """Return what conditions a sampler, given the links of its prompts."""
    reading = _Reading(routes)
    for key, link in prompts.items():
        reading.left = _MOST_NODES
        try:
            reading.result.texts[key] = reading.text(link, _POLARITIES[key != "Prompt"])
        except UnknownValueError as error:
            reading.result.unknown[key] = str(error)
    return reading.result


class _Reading:
    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._units: set[str] = set()
        self.result = Conditioning()
        self.left = _MOST_NODES

    def text(self, link: Link | None, polarity: str) -> str:
        """Return the text that a conditioning comes from."""
        while (at := self._routes.source(link)) is not None:
            self.left -= 1
            if self.left < 0:
                raise UnknownValueError("it comes through too many nodes, or in a circle")
            node, slot = at
            self._note_guidance(node)
            if node.link("clip", "text_encoder") is not None or _holds_text(node, polarity):
                return self._encoded(node, polarity)
            if node.type == "ConditioningZeroOut":
                return ""
            if node.type == "ConditioningCombine":
                return self._combined(node, polarity)
            if node.type == "ConditioningConcat":
                ends = (node.link("conditioning_to"), node.link("conditioning_from"))
                return " BREAK ".join(self.text(end, polarity) for end in ends)
            if node.link(*_POLARITIES) is not None:
                polarity = _POLARITIES[slot] if slot < len(_POLARITIES) else polarity
                link = node.link(polarity)
            elif (link := node.link("conditioning")) is None:
                raise UnknownValueError(
                    f"it is made by a node {node.type}, which is not known here"
                )
            self._note_node(node)
        raise UnknownValueError("the graph has no node that writes it")

    def _combined(self, node: Node, polarity: str) -> str:
        """Return prompts that are weighed equally, as A1111's AND writes it."""
        waiting, parts = [node.link("conditioning_1"), node.link("conditioning_2")], list[str]()
        while waiting:
            link = waiting.pop(0)
            at = self._routes.source(link)
            self.left -= 1
            if at is not None and at[0].type == "ConditioningCombine" and self.left > 0:
                waiting[:0] = [at[0].link("conditioning_1"), at[0].link("conditioning_2")]
            else:
                parts.append(self.text(link, polarity))
            if len(parts) > _MOST_PARTS:
                raise UnknownValueError("it is combined of too many prompts")
        self.result.found.note("its combined prompts are joined by AND, with equal weights")
        return " AND ".join(f"{part} :{1 / len(parts):.3g}" for part in parts)

    def _encoded(self, node: Node, polarity: str) -> str:
        """Return a text encoder's text in A1111's grammar."""
        values = self._routes.values
        self.result.clip = self.result.clip or node.link("clip", "text_encoder")
        names = [name for name in (*_TEXTS, polarity) if name in node.inputs]
        if isinstance(node.inputs.get(polarity), str):
            names.insert(0, polarity)
        if not names:
            raise UnknownValueError(f"it is made by a node {node.type}, which is not known here")
        text = values.text(node, names[0])
        for name in (name for name in _OTHER_TEXTS if name in node.inputs and name != names[0]):
            other = values.text(node, name)
            if other.strip() and other.strip() != text.strip():
                self.result.found.items[f"{name} of {node.type}"] = other
        self._note_pictures(node)
        return self._in_our_grammar(text, keeps_tags=node.type in _READS_TAGS)

    def _in_our_grammar(self, text: str, *, keeps_tags: bool) -> str:
        note = self.result.found.note
        text = text.strip()
        if not keeps_tags and (tags := _TAG.findall(text)):
            note(f"{tags[0][:60]} in the prompt is plain text in ComfyUI, and is left out")
            text = _TAG.sub("", text)
        text = _EMBEDDING.sub(lambda found: re.split(r"[\\/]", found[1])[-1], text)
        if _OURS.search(text):
            note("ComfyUI reads {a|b}, #, __word__, AND and BREAK in a prompt as plain text")
        if _WEIGHT.search(text):
            note("ComfyUI applies weights such as (word:1.2) in a way of its own")
        return re.sub(r"(?<!\\)([\[\]])", r"\\\1", text)

    def _note_guidance(self, node: Node) -> None:
        if "guidance" in node.inputs and self.result.guidance is None:
            try:
                self.result.guidance = self._routes.values.number(node, "guidance")
            except UnknownValueError as error:
                self.result.found.unknown["Distilled CFG Scale"] = str(error)

    def _note_node(self, node: Node) -> None:
        """Note a ControlNet, or a node on the way that no setting here expresses."""
        if node.link("control_net") is not None:
            self._add_unit(node)
        elif node.type not in {"FluxGuidance", "InpaintModelConditioning"}:
            self.result.others[node.type] = None

    def _note_pictures(self, node: Node) -> None:
        if node.link("image", "image1", "images") is not None:
            self.result.others[node.type] = None

    def _add_unit(self, node: Node) -> None:
        if node.id in self._units:
            return
        self._units.add(node.id)
        number = len(self._units) - 1
        values = self._routes.values
        found = Found()
        loader = next(
            (
                one
                for one, _ in self._routes.chain(node.link("control_net"), "control_net")
                if "control_net_name" in one.inputs
            ),
            None,
        )
        if loader is None:
            self.result.found.unknown[f"ControlNet {number}"] = "the graph does not name its model"
            return
        picture = self._routes.source(node.link("image"))
        drawn_by = picture[0].type if picture else ""
        found.items["Module"] = _MODULES.get(drawn_by, "none")
        found.take("Model", lambda: _file(values.text(loader, "control_net_name")))
        found.take("Weight", lambda: values.number(node, "strength"))
        for key, name in (("Guidance Start", "start_percent"), ("Guidance End", "end_percent")):
            if name in node.inputs:
                found.take(key, partial(values.number, node, name))
        if found.unknown:
            self.result.found.unknown[f"ControlNet {number}"] = "; ".join(found.unknown.values())
        else:
            shown = (f"{key}: {value}" for key, value in found.items.items())
            self.result.controls[f"ControlNet {number}"] = ", ".join(shown)


# Nodes that draw a control picture, by A1111's name of the preprocessor.
_MODULES: Mapping[str, str] = {
    **dict.fromkeys(("Canny", "CannyEdgePreprocessor"), "canny"),
    **dict.fromkeys(("DepthAnythingPreprocessor", "DepthAnythingV2Preprocessor"), "depth"),
    **dict.fromkeys(("MiDaS-DepthMapPreprocessor", "Zoe-DepthMapPreprocessor"), "depth"),
    **dict.fromkeys(("OpenposePreprocessor", "DWPreprocessor"), "openpose_full"),
    **dict.fromkeys(("HEDPreprocessor", "PiDiNetPreprocessor"), "hed"),
    **dict.fromkeys(("ScribblePreprocessor", "FakeScribblePreprocessor"), "scribble_hed"),
    "TilePreprocessor": "tile_resample",
}


def _holds_text(node: Node, polarity: str) -> bool:
    """Return whether a loader holds the prompt itself, as those of the Efficiency Nodes do."""
    return isinstance(node.inputs.get(polarity), str)


def _file(name: str) -> str:
    return re.sub(r"\.(safetensors|ckpt|pth?|bin|gguf|sft)$", "", name.strip(), flags=re.IGNORECASE)
