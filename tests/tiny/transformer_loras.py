"""LoRA files for transformers, in each form that trainers write, with numbers by chance.

Scales and weights are powers of two, which round nothing: so the bytes can be compared with those
of programs that multiply in another order.
"""

from dataclasses import replace
from types import SimpleNamespace

import torch

from medialab.families import RUNNING
from medialab.families.z_image.denoiser import Transformer
from medialab.loading.checkpoint import LoadedCheckpoint
from medialab.lora import LoRAManager, LoRAUse
from medialab.lora.files import read_lora
from medialab.lora.fitting import Fit
from tests.tiny.loras import drawn

RANK = 4


def linears(network):
    """The outputs and inputs of each linear layer, by path."""
    return {
        path: (one.out_features, one.in_features)
        for path, one in network.named_modules()
        if isinstance(one, torch.nn.Linear)
    }


def pairs(sides, *, rank=RANK):
    """Two matrices for each layer, by name: `down` (rank, in) and `up` (out, rank)."""
    return {
        name: (drawn(rank, into, seed=2 * n), drawn(out, rank, seed=2 * n + 1))
        for n, (name, (out, into)) in enumerate(sides.items())
    }


def joined_sides(sides, table):
    """The sides of joined layers, given diffusers' layers for each, and of all others."""
    found = {
        name: (sum(sides[one][0] for one in ours), sides[ours[0]][1])
        for name, ours in table.items()
        if ours[0] in sides
    }
    left = {one for ours in table.values() for one in ours}
    return found | {name: side for name, side in sides.items() if name not in left}


def written(sides, prefix, ends, *, flat=False, alpha=None, rank=RANK):
    """Tensors of a plain LoRA: a prefix, the layer's name (underscores for dots), the ends."""
    tensors = {}
    for name, (down, up) in pairs(sides, rank=rank).items():
        layer = prefix + (name.replace(".", "_") if flat else name)
        tensors |= {layer + ends[0]: down, layer + ends[1]: up}
        if alpha is not None:
            tensors[f"{layer}.alpha"] = torch.tensor(float(alpha))
    return tensors


PEFT = (".lora_A.weight", ".lora_B.weight")
PEFT_DEFAULT = (".lora_A.default.weight", ".lora_B.default.weight")
KOHYA = (".lora_down.weight", ".lora_up.weight")


def lokr(sides, prefix, *, flat=False, alpha=None):
    """Tensors of a LoKr: whole matrices, or with alpha a right one of rank 2."""
    tensors = {}
    for n, (name, (out, into)) in enumerate(sides.items()):
        layer = prefix + (name.replace(".", "_") if flat else name)
        tensors[f"{layer}.lokr_w1"] = drawn(4, 4, seed=n)
        if alpha is None:
            tensors[f"{layer}.lokr_w2"] = drawn(out // 4, into // 4, seed=n + 1)
        else:
            tensors[f"{layer}.lokr_w2_a"] = drawn(out // 4, 2, seed=n + 1)
            tensors[f"{layer}.lokr_w2_b"] = drawn(2, into // 4, seed=n + 2)
            tensors[f"{layer}.alpha"] = torch.tensor(float(alpha))
    return tensors


def loha(sides, prefix, *, flat=True):
    """Tensors of a LoHa of rank 3."""
    tensors = {}
    for n, (name, (out, into)) in enumerate(sides.items()):
        layer = prefix + (name.replace(".", "_") if flat else name)
        for k, leaf in enumerate(("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")):
            shape = (3, into) if leaf.endswith("b") else (out, 3)
            tensors[f"{layer}.{leaf}"] = drawn(*shape, seed=4 * n + k)
    return tensors


def fused_by_diffusers(pipeline, path, weight):
    """The weights of a pipeline's parts after diffusers has loaded and fused a file."""
    pipeline.load_lora_weights(str(path), adapter_name="style")
    pipeline.set_adapters(["style"], [weight])
    parts = [
        name
        for name in pipeline._lora_loadable_modules
        if getattr(getattr(pipeline, name, None), "peft_config", None)
    ]
    pipeline.fuse_lora(components=parts, adapter_names=["style"])
    pipeline.unload_lora_weights()
    return split_again(weights(pipeline.components))


def split_again(found):
    """Weights with query, key and value apart, which diffusers joins for a LoKr of all three."""
    for name in [one for one in found if ".to_qkv." in one or ".to_added_qkv." in one]:
        whole = found.pop(name)
        own = "add_{}_proj" if "added" in name else "to_{}"
        for one, part in zip("qkv", whole.chunk(3), strict=True):
            found[name.replace("to_added_qkv", "to_qkv").replace("to_qkv", own.format(one))] = part
    return found


def weights(components):
    """A copy of the weights of all networks, by part and name."""
    return {
        f"{part}.{name}": value.detach().clone()
        for part, network in components.items()
        if isinstance(network, torch.nn.Module)
        for name, value in network.state_dict().items()
    }


def changed(before, after):
    """The names of the weights that differ in any bit."""
    assert before.keys() == after.keys()
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def stand_in(name, loras, components, texts=("text_encoder",)):
    """A checkpoint of a family with these networks; the family is its table's line, if it runs."""
    family = RUNNING.get(name) or replace(
        RUNNING["z-image"],
        name=name,
        loras=loras,
        denoiser=Transformer(text_encoders=texts),
    )
    return LoadedCheckpoint(SimpleNamespace(components=components), family, "cpu", torch.float32)


def factors_of(model, path):
    """The matrices that each module gets from a file: `down` with the scale in it, and `up`."""
    fit = Fit(read_lora(path), model)
    fit.refuse_foreign()
    assert fit.report.unmatched == (), fit.report.unmatched
    found = {}
    for place, _, layer in fit.places:
        down, alpha = layer.leaves["down"], layer.leaves.get("alpha")
        scale = 1.0 if alpha is None else float(alpha) / len(down)
        assert f"{layer.part}.{place}" not in found
        found[f"{layer.part}.{place}"] = (down * scale, layer.leaves["up"])
    return found


def factors_by_diffusers(pipeline_class, path):
    """The same of diffusers' converters."""
    tensors = pipeline_class.lora_state_dict(str(path))
    return {
        name.removesuffix(end): (value, tensors[name.replace(end, other)])
        for end, other in ((PEFT), (".lora.down.weight", ".lora.up.weight"))
        for name, value in tensors.items()
        if name.endswith(end)
    }


def same(ours, theirs):
    """Whether two tables of factors have the same layers with the same bits."""
    assert ours.keys() == theirs.keys(), ours.keys() ^ theirs.keys()
    return all(
        torch.equal(one, other)
        for name, pair in ours.items()
        for one, other in zip(pair, theirs[name], strict=True)
    )


def report_if_as_diffusers(model, make_pipeline, path, weight, told=None):
    """Apply a file, and compare every weight during it and after it.

    Args:
        model: Our checkpoint.
        make_pipeline: Makes diffusers' pipeline of the same weights.
        path: The file.
        weight: A power of two.
        told: Another file of the same LoRA for diffusers, in a form that it reads.
    """
    before = weights(model.components)
    with LoRAManager().apply_loras(model, [LoRAUse(path, weight)], calls=20) as applied:
        ours = weights(model.components)
    assert not changed(before, weights(model.components))
    expected = fused_by_diffusers(make_pipeline(), told or path, weight)
    # Plain LoRAs of text encoders, which are called once, are not merged.
    differing = {name for name in changed(expected, ours) if not name.startswith("text_encoder")}
    assert not differing
    (report,) = applied.reports
    assert len(changed(before, ours)) >= report.matched // 2
    return report
