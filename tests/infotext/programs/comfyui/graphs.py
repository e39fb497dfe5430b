"""Graphs in the form in which ComfyUI executes them, built node by node."""

import json

from medialab.infotext import text as infotext


class Build:
    """A graph; each call adds a node and returns its id."""

    def __init__(self):
        self.nodes = {}

    def add(self, type_name, **inputs):
        name = str(len(self.nodes) + 1)
        self.nodes[name] = {"class_type": type_name, "inputs": inputs, "_meta": {"title": "x"}}
        return name

    def read(self):
        return infotext.read(json.dumps(self.nodes))


def out(node, slot=0):
    return [node, slot]


def basics(build, checkpoint="sdxl/pony.safetensors"):
    """Add a checkpoint, two prompts and empty latents; return what samplers take from them."""
    loader = build.add("CheckpointLoaderSimple", ckpt_name=checkpoint)
    clip = out(loader, 1)
    return {
        "model": out(loader),
        "positive": out(build.add("CLIPTextEncode", text="a cat", clip=clip)),
        "negative": out(build.add("CLIPTextEncode", text="bad", clip=clip)),
        "latent_image": out(build.add("EmptyLatentImage", width=640, height=832, batch_size=1)),
    }


SAMPLING = {
    "seed": 2**63 + 5,
    "steps": 25,
    "cfg": 6.5,
    "sampler_name": "dpmpp_2m",
    "scheduler": "karras",
    "denoise": 1.0,
}


def sampled(build, **changes):
    """Add the basics and a KSampler; return its id."""
    return build.add("KSampler", **(basics(build) | SAMPLING | changes))


def saved(build, sampler, loader="1", **changes):
    decoded = build.add("VAEDecode", samples=out(sampler), vae=out(loader, 2))
    build.add("SaveImage", images=out(decoded), filename_prefix="x", **changes)
    return decoded
