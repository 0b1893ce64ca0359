"""The journal: the log of what was seen and done, its stores, its lock, and the ledger's fold.

`events` are plain values; `fold` makes the ledger of them; a store keeps them: `file_store` on
disk, `git_store` on a branch of its own.
"""
