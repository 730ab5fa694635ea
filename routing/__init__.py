"""Where people can go: the walking network, shelters, closures, and the nearest way to each shelter.

Pure: no input or output and no clock. A missing way is an answer with its reason, never an error.
"""
