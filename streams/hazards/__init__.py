"""Claims become the hazard map, shard by shard, and the map of any past moment."""
