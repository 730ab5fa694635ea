"""Feed every reader with what strangers may send: real samples, changed where it hurts.

`targets` is the table of readers, `mutate` changes a sample, `run` counts what happened.
"""
