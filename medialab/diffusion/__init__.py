"""One denoising and what surrounds it: prompts encoded, latents, control, tiling, low memory."""
