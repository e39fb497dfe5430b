"""The studio over HTTP: an extension of Jupyter Server, alone or beside JupyterLab.

This is the only room that knows Jupyter Server and tornado; everything it serves is a line in
`routes.ROUTES`, from which /openapi.json is made too.
"""
