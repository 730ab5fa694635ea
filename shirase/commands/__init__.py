"""One module for each command that a person types."""
