"""The tests: a package, so that they can share code by its full name (`tests.live.servers`)."""
