"""The drift doctor: what a publisher changed in a layout, and the patch for it."""
