"""Notices become pushes: each worker its own buckets, the most endangered first, resumable at any moment."""
