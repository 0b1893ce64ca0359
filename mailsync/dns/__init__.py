"""Names, TTLs and RRsets: plain frozen values in presentation form. No I/O, no clock."""
