"""From a request to a finished picture: resolved, checked, made stage by stage, cached."""
