"""A delivery's bytes, kept as received, with a receipt."""
