"""A whole request: as it is asked, and resolved, one config per picture of a batch."""
