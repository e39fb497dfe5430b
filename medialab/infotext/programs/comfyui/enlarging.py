"""How nodes between two samplers, or after the last one, enlarge a picture or its latents.

Source: ComfyUI nodes.py LatentUpscale, ImageScale; comfy_extras/nodes_upscale_model.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medialab.infotext.programs.comfyui.graph import Node, UnknownValueError
from medialab.infotext.programs.comfyui.models import plain_file
from medialab.infotext.programs.comfyui.routes import Routes

_OF_LATENTS: Mapping[str, str] = {
    "bilinear": "Latent",
    "nearest-exact": "Latent (nearest)",
    "bicubic": "Latent (bicubic)",
}
_OF_PIXELS: Mapping[str, str] = {"nearest-exact": "nearest"}


@dataclass
class Enlargement:
    """An enlargement.

    Attributes:
        upscaler: The model or filter, by A1111's name.
        scale: The factor; None if the graph does not say it.
        size: Width and height that it ends with, 0 for a side that follows; None if unknown.
        trouble: Why factor and size are unknown.
    """

    upscaler: str = ""
    scale: float | None = 1.0
    size: tuple[int, int] | None = None
    trouble: str = ""


def read_enlargement(nodes: Sequence[Node], routes: Routes) -> Enlargement:
    """Return what resizing nodes do together.

    Raises:
        UnknownValueError: the graph does not say by what they resize.
    """
    one, values = Enlargement(), routes.values
    for node in nodes:
        if node.type == "ImageUpscaleWithModel":
            at = routes.source(node.link("upscale_model"))
            if at is None:
                raise UnknownValueError("the graph has no upscaler model")
            one.upscaler = plain_file(values.text(at[0], "model_name"))
            one.scale, one.size = None, None
            one.trouble = f"the graph does not say the factor of {one.upscaler}"
            continue
        method = values.text(node, "upscale_method") if "upscale_method" in node.inputs else ""
        names = _OF_LATENTS if node.type.startswith("Latent") else _OF_PIXELS
        one.upscaler = one.upscaler or names.get(method, method)
        if "scale_by" in node.inputs:
            factor = values.number(node, "scale_by")
            one.scale = None if one.scale is None else one.scale * factor
            one.size = one.size and (round(one.size[0] * factor), round(one.size[1] * factor))
        elif "width" in node.inputs:
            width, height = (int(values.number(node, name)) for name in ("width", "height"))
            one.scale, one.size = None, (width, height)
        else:
            one.scale, one.size = None, None
            one.trouble = f"its node {node.type} is not known here"
    return one
