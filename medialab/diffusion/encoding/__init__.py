"""Prompts as the numbers that a checkpoint's denoiser reads, whatever their length.

A text is cut into chunks of as many tokens as the encoder reads (75 for CLIP, 38 for paperdoll);
each is encoded between a start and an end token, weighed, and they are joined. One plain chunk is
bit for bit what diffusers' own `encode_prompt` gives.

Source: behaviour of AUTOMATIC1111 modules/sd_hijack_clip.py and modules/sd_emphasis.py; diffusers
`encode_prompt` of pipeline_stable_diffusion and pipeline_stable_diffusion_xl.
"""

from medialab.diffusion.encoding.conditioning import Conditioning, Moment, Track
from medialab.diffusion.encoding.encoder import count_tokens, encode
from medialab.diffusion.encoding.guidance import FOLLOWING, POOLED, TIME_IDS, Guidance

__all__ = [
    "FOLLOWING",
    "POOLED",
    "TIME_IDS",
    "Conditioning",
    "Guidance",
    "Moment",
    "Track",
    "count_tokens",
    "encode",
]
