"""The branch of a graph that made one saved picture, followed from its save node back.

Source: ComfyUI nodes.py: what a node's outputs are made from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from medialab.infotext.programs.comfyui.graph import Graph, Link, Node, UnknownValueError
from medialab.infotext.programs.comfyui.routes import (
    CARRIERS,
    MASKING,
    QUIET,
    RESIZES,
    Routes,
    begins,
    is_sampler,
)

_MOST_SAVERS = 20


@dataclass
class Pass:
    """One denoising.

    Attributes:
        sampler: Its sampler node.
        resizes: Nodes that resized its latents or picture since the pass before, in their order.
        is_decoded: Whether a picture was made, and encoded again, since the pass before.
    """

    sampler: Node
    resizes: list[Node] = field(default_factory=list)
    is_decoded: bool = False


@dataclass
class Branch:
    """What made one saved picture.

    Attributes:
        passes: The denoisings, the first one first.
        start: The node that the first one began with; None if it cannot be followed.
        resizes: Nodes that resized the finished picture, in their order.
        others: Nodes on the way that are not known here, by type.
        is_masked: Whether only a part was drawn.
        vae: The link of the VAE that decoded the picture; None if none did.
        trouble: Why it could not be followed to its start; empty if it was.
    """

    passes: list[Pass] = field(default_factory=list)
    start: Node | None = None
    resizes: list[Node] = field(default_factory=list)
    others: dict[str, None] = field(default_factory=dict)
    is_masked: bool = False
    vae: Link | None = None
    trouble: str = ""


def savers_of(graph: Graph) -> list[Sequence[Node]]:
    """Return the nodes that may have saved the picture, the likeliest kind first.

    Those that save pictures, those that show them, those that save films, and other ends.
    """
    ends = [node for node in graph.nodes.values() if node.link(*CARRIERS) and not is_sampler(node)]
    taken = {link.node for node in graph.nodes.values() for link in node.links.values()}
    kinds = []
    for words in (("saveimage", "imagesave"), ("preview",), ("save", "video")):
        names = ((node, node.type.casefold().replace(" ", "")) for node in ends)
        found = [node for node, name in names if any(word in name for word in words)]
        kinds.append([one for one in found if words[0] == "saveimage" or one.id not in taken])
    kinds.append([node for node in ends if node.id not in taken])
    return [found[:_MOST_SAVERS] for found in kinds if found]


def follow(saver: Node, routes: Routes) -> Branch:
    """Follow the picture that a node saves back to where it began."""
    branch = Branch()
    seen = {saver.id}
    resizes: list[Node] = []
    is_decoded = False
    link = saver.link(*CARRIERS)
    try:
        while (at := routes.source(link)) is not None and at[0].id not in seen:
            node = at[0]
            seen.add(node.id)
            if is_sampler(node):
                _take(branch, resizes, is_decoded=is_decoded)
                branch.passes.insert(0, Pass(node))
                resizes, is_decoded = [], False
                link = node.link("latent_image", "latent", "samples")
                continue
            branch.is_masked |= node.type in MASKING
            if "VAEDecode" in node.type:
                branch.vae = branch.vae or node.link("vae")
            is_decoded |= "VAEEncode" in node.type or node.type == "InpaintModelConditioning"
            if node.type in RESIZES:
                resizes.insert(0, node)
                link = node.link(RESIZES[node.type])
            elif begins(node) or not node.links:
                branch.start = node
                break
            else:
                link = _onward(node, branch, routes)
    except UnknownValueError as error:
        branch.trouble = str(error)
    _take(branch, resizes, is_decoded=is_decoded)
    return branch


def _take(branch: Branch, resizes: list[Node], *, is_decoded: bool) -> None:
    """Add what was found on the way to the pass that came after it, or to the finished picture."""
    if branch.passes:
        branch.passes[0].resizes, branch.passes[0].is_decoded = resizes, is_decoded
    else:
        branch.resizes = resizes


def _onward(node: Node, branch: Branch, routes: Routes) -> Link | None:
    """Return the link to follow from a node; one that is not known here is noted."""
    if node.type in QUIET and (link := node.link(QUIET[node.type], *CARRIERS)) is not None:
        return link
    branch.others[node.type] = None
    if (link := node.link(*CARRIERS)) is not None:
        return link
    # Without such an input, the one that leads to a sampler, if there is one alone.
    leading = {link for link in node.links.values() if link.node in routes.drawn}
    return leading.pop() if len(leading) == 1 else None
