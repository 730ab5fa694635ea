"""Do to hundreds of rows at a time, in C, what costs most of a push in Python: fetch, check, seal, frame.

Python stays the reference, and does whatever is unusual; one suite holds both to the same bytes.

push.c   sealing, framing, plain answers in C: no header of Python's or OpenSSL's
entries  what makes entries of the pool, in C (entries.c) and its caller; entry.h is how an entry lies
build    from source to a library, where there is a compiler
library  the library, loaded and compared with the reference before it is used
packed   columns of bytes that C can read
"""
