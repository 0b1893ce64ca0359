"""The rules, one module per topic; each holds ``TOPIC`` and ``RULES``."""
