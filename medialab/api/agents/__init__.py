"""The studio's tools for agents: a Model Context Protocol server, thin over the service.

This is the only room that knows the library `mcp`. A tool is a line in `tools.TOOLS`; none of them
deletes, and none reads or writes outside the outputs folder.
"""
