"""What goes out to other systems: one approved revision, in the form of each channel (R16)."""
