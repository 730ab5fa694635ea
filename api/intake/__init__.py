"""The doors without an account: offices push reports, shelters report themselves by a code at the door."""
