"""What the families of flow-matching transformers share."""
