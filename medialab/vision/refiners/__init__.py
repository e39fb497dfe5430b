"""Refiners: a detection's box becomes the shape of what is in it."""
