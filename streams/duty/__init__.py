"""Officers are woken while a draft waits, and residents are told when nobody decides (R6)."""
