"""Denoising and its parts: prompt encoding, latents, ControlNets, tiling, low-memory fallbacks."""
