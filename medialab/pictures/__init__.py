"""Picture files: opened within limits, converted to 8-bit sRGB, stored by content, written."""
