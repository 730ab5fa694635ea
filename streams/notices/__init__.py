"""The hazard map becomes drafts: what people should be told, less what they were told."""
