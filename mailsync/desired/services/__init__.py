"""Services that handle mail: what each asks of the DNS, and what that makes of a domain's file.

`model` says what is known of one, `format` reads it from YAML, `catalogue` finds it (shipped in
`mailsync/desired/catalogue/`, or the user's own), `inputs` reads what only the user knows,
`expansion` turns the key ``services`` into the ordinary keys. Nothing here reads but those files.
"""
