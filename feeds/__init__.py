"""What comes in: telegrams read to codes and shapes, never to cells.

Everything read here was written by somebody else. Limits hold before anything is built, nothing is
fetched because a document says so, and a refusal carries a reason code that stays the same.
"""
