"""The languages that residents read besides Japanese and English: one file of templates each.

A template is a sentence with blanks: place names, times, levels, names of shelters, minutes. Nothing is translated
when something is sent. Terms of levels, orders and dangers are those of the Cabinet Office's and the JMA's own notices
in these languages; whether a native reader has been over a file stands in `ops/languages.toml`.
"""
