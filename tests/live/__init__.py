"""Live tests: mailsync against real DNS servers on the loopback interface, watched from outside.

The laboratory: `servers` (BIND, Knot, unbound, and what they answer over time), `clock` (days in
milliseconds); below them `primary`, `server`, `asking`, `machine`. It imports nothing of mailsync:
what is tested must not be its own witness.
"""
