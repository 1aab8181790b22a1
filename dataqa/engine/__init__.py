"""Who runs the batches, and nothing else: the batch loop, shards, merges, and the drivers."""
