"""`make studio`: JupyterLab with the studio's notebook open, in a copy of the user's own."""
