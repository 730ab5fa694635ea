"""The demo city: its people, streets, rivers and documents, the evening, and the judges of its account."""
