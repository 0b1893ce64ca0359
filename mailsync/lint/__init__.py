"""What is right and wrong in mail records: rules with ids, judged on desired mail.

Each rule has a severity, a reason, a source and a way to fix it. Nothing here looks at the world:
what only the world can tell comes in as plain values.
"""
