"""How things look: colours, times, outlines, pictures made here without scripts or tiles."""
