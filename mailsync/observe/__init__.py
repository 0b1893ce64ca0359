"""Looking at the world: what the authoritative servers serve, and whether they are the right ones.

Answers come from strangers: bounded in size and time, never trusted to be well formed.
"""
