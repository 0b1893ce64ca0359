"""One module per mail standard: parse, format, compare. No I/O, no clock.

Parsing judges as a receiver would: what a receiver accepts is read, what it would not is refused.
What a receiver accepts but nobody should publish is told by each module's ``objections``.
"""
