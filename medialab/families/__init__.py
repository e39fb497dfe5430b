"""Model families: how each is told apart."""
