"""What a synthetic table is worth: how alike, of what use, and whom it gives away."""
