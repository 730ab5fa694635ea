"""Who is told, and did it arrive: audience, message, envelope, sender, receipts.

Everything but the sender is a function of its arguments. Personal data (endpoints, keys, cells of
homes) lives only here and is never logged, counted by person, or put in an error's text.
"""
