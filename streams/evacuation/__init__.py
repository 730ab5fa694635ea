"""Facts, dangers and orders become plans and ways, and the drafts that carry them."""
