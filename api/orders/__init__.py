"""What an officer wants, read and judged before it is posted: ground, preview, linter. Pure."""
