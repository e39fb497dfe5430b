"""Families that are recognised, and listed with the reason why they do not run yet."""
