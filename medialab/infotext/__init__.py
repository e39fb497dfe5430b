"""Infotext of A1111 and other programs: read, written, and matched to the models available here."""
