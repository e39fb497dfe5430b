"""From files to networks and back: the registry, checkpoints, VAEs, upscalers, within a budget."""
