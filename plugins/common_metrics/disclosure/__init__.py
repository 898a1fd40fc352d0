"""Which cells are hidden, and an attack on what is shown."""
