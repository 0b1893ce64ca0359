"""What the pages show, played as a session: see `page` and `session`."""
