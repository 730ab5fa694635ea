"""What the doors know, folded from topics: notices, drafts, posts, progress, people, wards. No clock and no pages."""
