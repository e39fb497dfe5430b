"""Model files of one tensor, for tests that read headers alone."""

import json

READER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"


def write_lora(path, width=768, rank=4, fill=0):
    """A LoRA of one fp16 tensor; its header says the family, its body is `fill`."""
    size = rank * width * 2
    entry = {"dtype": "F16", "shape": [rank, width], "data_offsets": [0, size]}
    text = json.dumps({READER: entry}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes([fill]) * size)
    return path
