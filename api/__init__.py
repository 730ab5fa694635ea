"""HTTP for residents and for coordinators: two applications, two processes, two origins (R20).

Both only read topics into memory and answer from it. Whatever they cannot know they say: an empty
map is never drawn before the topics were read, and nothing here ever reads as an all-clear (R10).
"""
