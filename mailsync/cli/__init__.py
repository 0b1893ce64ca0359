"""The command line: one thin module per command. Data to stdout, messages to stderr."""
