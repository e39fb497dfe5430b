"""Gives requests to processes of this machine, which make the pictures, and hears of them."""
