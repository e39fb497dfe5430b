"""From a request to a finished picture: resolved, checked, run stage by stage, cached."""
