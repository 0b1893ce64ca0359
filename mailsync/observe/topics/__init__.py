"""What the facts of a look at a domain mean, one module per topic: pure, from facts to results.

What could not be found out is unknown; only what the world said itself can fail.
"""
