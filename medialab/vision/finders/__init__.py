"""Finders: boxes and shapes of the parts of a picture, by words."""
