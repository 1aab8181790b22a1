"""People who are nobody: what private columns are, and one invented person for all of a row."""
