"""What a delivery looks like: one contract per extract."""
