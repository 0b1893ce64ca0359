"""DNS hosts: octoDNS providers loaded by their class, adopted value by value, written with guards."""
