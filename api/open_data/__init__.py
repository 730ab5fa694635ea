"""What anybody may take and use: every notice as CAP 1.2, a feed of them, and the record of each event afterwards."""
