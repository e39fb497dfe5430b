"""Picture files: opened within bounds, brought to 8-bit sRGB, stored by content, written."""
