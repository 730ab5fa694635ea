"""Where people can go: the walking network, shelters, closures, the nearest way and the advice for each cell.

Pure: no input or output and no clock. A missing way is an answer with its reason, never an error.
"""
