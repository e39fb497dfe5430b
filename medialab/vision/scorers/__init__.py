"""Scorers: a picture gets a number, such as how well it fits a text."""
