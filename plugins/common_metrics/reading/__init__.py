"""A file's cells as text, with the row that each came from."""
