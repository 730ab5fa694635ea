"""Who acts at the console, how they prove it, what they may do, and the trail of what they did."""
