"""octoDNS providers for DNS hosts that octoDNS lacks, or writes to less carefully than mail needs.

Each module holds one provider, named in a configuration by its `class:`. They know nothing of
mailsync: plain octoDNS can use them too. Nothing is imported here, so that a provider costs
start-up time only where it is configured.
"""
