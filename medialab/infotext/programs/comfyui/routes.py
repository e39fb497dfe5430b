"""Where links lead: through reroutes and switches, and through nodes that change what they pass on.

Source: ComfyUI nodes.py and comfy_extras, for the names of inputs.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from medialab.infotext.programs.comfyui.graph import Graph, Link, Node
from medialab.infotext.programs.comfyui.values import Values

_MOST_HOPS = 300
# Nodes that pass on one of their inputs unchanged.
_PASSES = {"Reroute", "Reroute (rgthree)", "ReroutePrimitive|pysssss", "PreviewAny"}
_SIZE = re.compile(r"\s*(\d{2,5})\s*[x×]\s*(\d{2,5})(?!\d)", re.ASCII)
_FIRST_OF = {"Any Switch (rgthree)"}


class Routes:
    """The routes of one graph."""

    def __init__(self, graph: Graph, values: Values) -> None:
        self.graph, self.values = graph, values

    @cached_property
    def drawn(self) -> set[str]:
        """Ids of the samplers and of all nodes that depend on one."""
        return self.graph.below(node for node in self.graph.nodes.values() if is_sampler(node))

    def source(self, link: Link | None) -> tuple[Node, int] | None:
        """Return the node that makes what a link carries, and which output; None if none does.

        Raises:
            UnknownValueError: a switch on the way takes its position from elsewhere.
        """
        for _ in range(_MOST_HOPS):
            node = self.graph.source(link)
            if node is None or link is None:
                return None
            if node.type in _PASSES or node.type in _FIRST_OF:
                link = next((node.links[name] for name in sorted(node.links)), None)
            elif node.type == "ComfySwitchNode":
                link = self._chosen(node)
            else:
                return node, link.slot
        return None

    def chain(self, link: Link | None, *names: str) -> Iterator[tuple[Node, int]]:
        """Yield the nodes along a route: at each the first of these inputs is followed."""
        seen: set[str] = set()
        while (at := self.source(link)) is not None and at[0].id not in seen:
            seen.add(at[0].id)
            yield at
            link = at[0].link(*names)

    def _chosen(self, node: Node) -> Link | None:
        is_on = self.values.of(node, "switch")
        return node.link("on_true" if is_on is True else "on_false")


# Nodes on the way of a picture or its latents that change nothing a setting could say.
QUIET: Mapping[str, str] = {
    **dict.fromkeys(("VAEDecode", "VAEDecodeTiled"), "samples"),
    **dict.fromkeys(("VAEEncode", "VAEEncodeTiled", "VAEEncodeForInpaint"), "pixels"),
    **dict.fromkeys(("SetLatentNoiseMask", "LatentFromBatch", "RepeatLatentBatch"), "samples"),
    **dict.fromkeys(("ImageFromBatch", "RepeatImageBatch", "SaveImage", "PreviewImage"), "image"),
    "InpaintModelConditioning": "pixels",
    "CreateVideo": "images",
    "GetVideoComponents": "video",
}
RESIZES: Mapping[str, str] = {
    **dict.fromkeys(("LatentUpscale", "LatentUpscaleBy"), "samples"),
    **dict.fromkeys(("ImageScale", "ImageScaleBy", "ImageUpscaleWithModel"), "image"),
    **dict.fromkeys(("ImageScaleToTotalPixels", "ImageScaleToMaxDimension"), "image"),
}
# Inputs that carry a picture or latents at nodes that are not known here.
CARRIERS = (
    *("samples", "latent_image", "latent", "latents", "images", "image", "pixels", "video"),
    *("av_latent", "video_latent", "input", "base_image", "original_image", "IMAGE", "LATENT"),
)
MASKING = {"VAEEncodeForInpaint", "SetLatentNoiseMask", "InpaintModelConditioning"}


def is_sampler(node: Node) -> bool:
    """Return whether a node removes noise from latents: ComfyUI's own, or another with its inputs.

    A detailer or tiled upscaler works on a picture, and is none.
    """
    if node.type in {"SamplerCustom", "SamplerCustomAdvanced"}:
        return True
    has_seed = "seed" in node.inputs or "noise_seed" in node.inputs
    return has_seed and "steps" in node.inputs and node.link("latent_image", "latent") is not None


def begins(node: Node) -> bool:
    """Return whether a node makes empty latents, the start of a picture made from noise."""
    sized = ("width" in node.inputs and "height" in node.inputs) or "empty_latent_width" in (
        node.inputs
    )
    return sized and node.link(*CARRIERS) is None


def is_picture(node: Node) -> bool:
    """Return whether a node loads or receives a picture."""
    plain = node.type.casefold()
    is_named = any(word in plain for word in ("load", "input", "clipboard", "paste"))
    return is_named and any(word in plain for word in ("image", "video", "picture", "latent"))


def written_size(node: Node) -> str | None:
    """Return the size that a node's choice spells out, such as "832x1152 (0.72)"; None without."""
    for name in ("resolution", "dimensions"):
        found = _SIZE.match(str(node.inputs.get(name, "")))
        overrides = (node.inputs.get(f"{side}_override", 0) for side in ("width", "height"))
        if found and not any(overrides):
            return f"{found[1]}x{found[2]}"
    return None
