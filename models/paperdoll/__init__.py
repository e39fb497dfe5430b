"""The embedded model family: its world, its renderer, its training and its evaluation."""
