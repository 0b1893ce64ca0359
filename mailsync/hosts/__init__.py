"""DNS hosts: octoDNS providers loaded by class, adopted value by value, written with guards."""
