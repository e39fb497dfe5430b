"""Stages 5 to 7: faces, hands and bodies, detected and repainted at a higher resolution."""
