"""Easy Diffusion: each setting under its name, or JSON.

Source: Easy Diffusion ui/easydiffusion/utils/save_utils.py.
"""

import json

from medialab.infotext.programs.program import TableProgram, Texts

_KEYWORDS = ("num_inference_steps", "use_stable_diffusion_model", "stable diffusion model")


def _in_texts(texts: Texts) -> str | None:
    """Return the texts as one object, since each setting has a text of its own."""
    return json.dumps(dict(texts)) if any(word in texts for word in _KEYWORDS) else None


EASY_DIFFUSION = TableProgram(
    "Easy Diffusion",
    (("num_inference_steps", "use_stable_diffusion_model", "Stable Diffusion model"),),
    {
        "num_inference_steps": "Steps",
        "steps": "Steps",
        "seed": "Seed",
        "guidance_scale": "CFG scale",
        "sampler_name": "Sampler",
        "sampler": "Sampler",
        "width": "Width",
        "height": "Height",
        "prompt_strength": "Denoising strength",
        "use_stable_diffusion_model": "Model",
        "Stable Diffusion model": "Model",
        "use_vae_model": "VAE",
        "VAE model": "VAE",
    },
    idle=("num_outputs", "session_id", "output_format", "output_quality", "created_at"),
    in_texts=_in_texts,
)
