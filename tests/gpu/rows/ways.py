"""Ways to make one denoiser's step faster or smaller, each beside the plain one, on SDXL's UNet."""

import gc

import torch
from diffusers import UNet2DConditionModel
from torch.nn.attention import SDPBackend, sdpa_kernel

from tests.gpu.rows.device import begin_peak, once, peak, seconds

_CARD = 8e9  # bytes of the pretended card


class Denoiser:
    """SDXL's UNet in its real or a small size, with inputs for a picture of 1024 px."""

    def __init__(self, place, dtype=None, rows=2):
        told = UNet2DConditionModel.load_config(place.models("sdxl") / "configs" / "sdxl" / "unet")
        torch.manual_seed(0)
        self.device = place.device
        self.dtype = dtype or (torch.bfloat16 if place.device != "cpu" else torch.float32)
        with torch.device(place.device):  # the same weights whatever the precision
            network = UNet2DConditionModel.from_config(told)
        self.network = torch.nn.Module.to(network, self.dtype).eval()
        begin_peak(place.device)
        self.inputs = self.of(place.side(1024) // 8, rows)

    def of(self, side, rows=2):
        """Return inputs of a side in latents, the same numbers each time."""
        generator = torch.Generator().manual_seed(0)

        def numbers(*shape):
            return torch.randn(shape, generator=generator).to(self.device, self.dtype)

        told = self.network.config
        pooled = told.projection_class_embeddings_input_dim - 6 * told.addition_time_embed_dim
        times = torch.tensor([[side * 8.0] * 2 + [0, 0] + [side * 8.0] * 2] * rows)
        return {
            "sample": numbers(rows, 4, side, side),
            "timestep": torch.tensor(500, device=self.device),
            "encoder_hidden_states": numbers(rows, 77, told.cross_attention_dim),
            "added_cond_kwargs": {
                "text_embeds": numbers(rows, pooled),
                "time_ids": times.to(self.device, self.dtype),
            },
        }

    def __call__(self, inputs=None):
        with torch.inference_mode():
            return self.network(**(inputs or self.inputs), return_dict=False)[0]

    def release(self):
        self.network = self.inputs = None
        gc.collect()
        begin_peak(self.device)


def _beside(denoiser, exact=None, before=None):
    """Return a step's milliseconds, and how far its output is from another's."""
    found = {"ms": round(1000 * seconds(denoiser, denoiser.device), 2)}
    if before is not None:
        found["times as fast"] = round(before["ms"] / found["ms"], 2)
    if exact is not None:
        apart = (denoiser().float() - exact).abs().max() / exact.abs().max()
        found["apart"] = f"{float(apart):.1e} of the largest"
    return found


def precisions(place):
    """Float32, bfloat16 and on a GPU float16."""
    found, exact, plain = {}, None, None
    dtypes = [torch.float32, torch.bfloat16]
    for dtype in dtypes if place.device == "cpu" else [*dtypes, torch.float16]:
        denoiser = Denoiser(place, dtype)
        name = str(dtype).removeprefix("torch.")
        found[name] = _beside(denoiser, exact, plain) | {"gb": round(peak(place.device), 2)}
        if exact is None:
            exact, plain = denoiser().float(), found[name]
        denoiser.release()
    return found


def channels_last(place):
    """Convolutions stored channels last."""
    denoiser = Denoiser(place)
    plain, exact = _beside(denoiser), denoiser().float()
    denoiser.network.to(memory_format=torch.channels_last)
    found = {"plain": plain, "channels last": _beside(denoiser, exact, plain)}
    denoiser.release()
    return found


def fused_qkv(place):
    """One matrix in place of three in each attention layer."""
    denoiser = Denoiser(place)
    plain, exact = _beside(denoiser), denoiser().float()
    denoiser.network.fuse_qkv_projections()
    found = {"plain": plain, "fused": _beside(denoiser, exact, plain)}
    denoiser.release()
    return found


def attention_kernels(place):
    """Torch's kernels for attention, each forced."""
    denoiser = Denoiser(place)
    found, exact = {"chosen by torch": _beside(denoiser)}, denoiser().float()
    kernels = [SDPBackend.MATH, SDPBackend.FLASH_ATTENTION]
    if place.device != "cpu":
        kernels = [*kernels[1:], SDPBackend.EFFICIENT_ATTENTION, SDPBackend.CUDNN_ATTENTION]
    for kernel in kernels:
        try:
            with sdpa_kernel(kernel):
                found[kernel.name.lower()] = _beside(denoiser, exact)
        except RuntimeError as error:  # this card or type has no such kernel
            found[kernel.name.lower()] = str(error).splitlines()[0][:80]
    denoiser.release()
    return found


def guidance(place):
    """Prompt and negative prompt in one call, or in two."""
    denoiser = Denoiser(place)
    together, exact = _beside(denoiser), denoiser().float()
    halves = []
    for row in range(2):
        half = {}
        for name, value in denoiser.inputs.items():
            if isinstance(value, dict):
                half[name] = {key: one[row : row + 1] for key, one in value.items()}
            else:
                half[name] = value[row : row + 1] if value.ndim else value
        halves.append(half)

    def apart():
        return torch.cat([denoiser(half) for half in halves])

    taken = 1000 * seconds(apart, place.device)
    off = (apart().float() - exact).abs().max() / exact.abs().max()
    found = {
        "together": together,
        "apart": {"ms": round(taken, 2), "apart": f"{float(off):.1e} of the largest"},
    }
    denoiser.release()
    return found


def offloaded(place):
    """Blocks on the CPU while they rest, with a stream where there is one."""
    if place.device == "cpu":
        return {"not measured": "a CPU has nowhere to offload to"}
    denoiser = Denoiser(place)  # which is made in float32, of more than the card has
    torch.cuda.set_per_process_memory_fraction(
        min(1.0, _CARD / torch.cuda.get_device_properties(0).total_memory)
    )
    try:
        plain, exact = _beside(denoiser), denoiser().float()
        denoiser.network.to("cpu")
        denoiser.network.enable_group_offload(
            onload_device=torch.device(place.device),
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=True,
        )
        begin_peak(place.device)
        found = _beside(denoiser, exact, plain)
        found["gb"] = round(peak(place.device), 2)
        denoiser.release()
        return {"resident": plain, "offloaded": found}
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def regional_compile(place):
    """The repeated blocks compiled: cold, warm, at another size, and after a LoRA's change."""
    denoiser = Denoiser(place)
    plain, exact = _beside(denoiser), denoiser().float()
    denoiser.network.compile_repeated_blocks(fullgraph=True, dynamic=True)
    _, cold = once(denoiser, place.device)
    found = {"plain": plain, "cold": round(cold, 1), "warm": _beside(denoiser, exact, plain)}
    other = denoiser.of(place.side(1024) // 8 + 8)
    _, resized = once(lambda: denoiser(other), place.device)
    with torch.no_grad():  # as this studio merges: another tensor of the same shape
        for weight in denoiser.network.parameters():
            weight.data = weight.data.clone()
    _, merged = once(denoiser, place.device)
    found |= {"another size, first": round(resized, 2), "other weights, first": round(merged, 2)}
    denoiser.release()
    return found
