"""The door: the command line, and the demo city with its people, streets, rivers and documents.

Everything that is made up is made here, from a seed, and says so; nothing imports this package.
"""
