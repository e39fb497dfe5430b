"""Batches: many pictures from one request, by axes of values over any of its settings."""
