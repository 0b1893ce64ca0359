"""One module per key of a zone file; each holds a `registry.Key` named ``KEY``."""
