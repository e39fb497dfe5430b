"""The rows of the GPU's benchmark, the most important first: a function and a line each."""

from tests.gpu.rows import families, studio, ways

ROWS = {
    "SD1.5 512 px, diffusers and this studio": families.sd15,
    "SDXL 1024 px, diffusers and this studio": families.sdxl,
    "LoRA swap": studio.lora_swap,
    "two models, switched": studio.switching,
    "memory after mixed runs": studio.leaks,
    "memory after a killed process": studio.killed,
    "parts that wait on the CPU": studio.offload,
    "out of memory": studio.out_of_memory,
    "precisions": ways.precisions,
    "channels last": ways.channels_last,
    "fused QKV": ways.fused_qkv,
    "attention kernels": ways.attention_kernels,
    "prompts together or apart": ways.guidance,
    "parts offloaded, an 8 GB card pretended": ways.offloaded,
    "regional compile": ways.regional_compile,
    "Z-Image, an eighth of its shapes": families.z_image,
}

# Seconds that a row may take on a GPU, if not the usual ones: weights are written first.
LIMITS = {
    "SD1.5 512 px, diffusers and this studio": 100,
    "SDXL 1024 px, diffusers and this studio": 180,
    "regional compile": 120,
}
