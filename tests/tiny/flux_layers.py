"""The layers of Flux.1's blocks, which Chroma has too, by their names in the original code."""

from tests.tiny.transformer_loras import written

# Layers of the original code -> those in diffusers; N is the block's number.
WHOLE = {
    "double_blocks.N.img_attn.proj": "transformer_blocks.N.attn.to_out.0",
    "double_blocks.N.txt_attn.proj": "transformer_blocks.N.attn.to_add_out",
    "double_blocks.N.img_mlp.0": "transformer_blocks.N.ff.net.0.proj",
    "double_blocks.N.img_mlp.2": "transformer_blocks.N.ff.net.2",
    "double_blocks.N.txt_mlp.0": "transformer_blocks.N.ff_context.net.0.proj",
    "double_blocks.N.txt_mlp.2": "transformer_blocks.N.ff_context.net.2",
    "single_blocks.N.linear2": "single_transformer_blocks.N.proj_out",
}
JOINED = {
    "double_blocks.N.img_attn.qkv": [f"transformer_blocks.N.attn.to_{one}" for one in "qkv"],
    "double_blocks.N.txt_attn.qkv": [f"transformer_blocks.N.attn.add_{one}_proj" for one in "qkv"],
    "single_blocks.N.linear1": [
        *(f"single_transformer_blocks.N.attn.to_{one}" for one in "qkv"),
        "single_transformer_blocks.N.proj_mlp",
    ],
}
MODULATION = {
    "double_blocks.N.img_mod.lin": "transformer_blocks.N.norm1.linear",
    "double_blocks.N.txt_mod.lin": "transformer_blocks.N.norm1_context.linear",
    "single_blocks.N.modulation.lin": "single_transformer_blocks.N.norm.linear",
}
PUBLISHED = {"double_blocks": 19, "single_blocks": 38}
TINY = {"double_blocks": 2, "single_blocks": 2}
WIDTH = 32


def numbered(table, counts):
    """A table with N replaced by each block's number."""
    found = {}
    for theirs, ours in table.items():
        for n in range(counts[theirs.split(".")[0]]):
            many = [
                one.replace("N", str(n), 1) for one in ([ours] if isinstance(ours, str) else ours)
            ]
            found[theirs.replace("N", str(n), 1)] = tuple(many)
    return found


def original(sides, counts, *, linear1=True):
    """The sides of the original code's layers in the blocks, given those of diffusers' layers."""
    modulated = "single_transformer_blocks.0.norm.linear" in sides
    table = numbered(WHOLE | JOINED | (MODULATION if modulated else {}), counts)
    if not linear1:
        table = {name: ours for name, ours in table.items() if "linear1" not in name}
    return {
        name: (sum(sides[one][0] for one in ours), sides[ours[0]][1])
        for name, ours in table.items()
    }


def xlabs(sides):
    """XLabs' LoRA of attention processors."""
    sides = original(sides, TINY)
    found = {}
    for n in range(2):
        for number, stream in enumerate(("img", "txt"), 1):
            for theirs, ours in (("qkv", "qkv"), ("proj", "proj")):
                found[f"double_blocks.{n}.processor.{theirs}_lora{number}"] = sides[
                    f"double_blocks.{n}.{stream}_attn.{ours}"
                ]
        found[f"single_blocks.{n}.processor.qkv_lora"] = (3 * WIDTH, WIDTH)
        found[f"single_blocks.{n}.processor.proj_lora"] = sides[f"single_blocks.{n}.linear2"]
    return written(found, "", (".down.weight", ".up.weight"))
