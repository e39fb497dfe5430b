"""What families share whose prompt encoders are T5 and CLIP: Flux.1, Chroma and SD3."""
