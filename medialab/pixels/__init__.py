"""Arithmetic on pictures: boxes, masks, colours, sizes. No model, no file."""
