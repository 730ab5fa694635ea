"""The way in: raw bytes become settled documents, claims and facts."""
