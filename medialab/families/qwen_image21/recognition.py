"""Rules that recognise Qwen-Image 2.1: its denoiser, LoRAs and VAE."""

from medialab.families.base import Recognition
from medialab.families.layers import Signature

RECOGNITION = Recognition(
    signatures=(Signature((("txt_in.text_norm",), ("img_mlp.gate_layer",))),),
    classes=("QwenImage21Transformer2DModel",),
    written=r"qwen[-_ ]?image[-_ ]?2",
    vaes=(Signature((("encoder.down_blocks.N.downsampler.resample",),)),),
)
