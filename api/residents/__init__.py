"""The residents' application: the first page, signing up, and what its process follows."""
