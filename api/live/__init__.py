"""What residents may see of each shard, ready as bytes: made when something changes, never when somebody asks.

A shard is as fine as a question may be (R13): the phone finds its own cell in what it is given.
"""
