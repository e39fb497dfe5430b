"""Models from their files into memory, within a budget: the registry and the loaders."""
