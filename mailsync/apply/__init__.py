"""Carrying a plan out: the engine decides the next effect, the edge carries it out.

`engine` is a generator without I/O: effects go out as values, their results come in. `edge` is the
one place where a DNS host is written, servers are asked, the journal grows and time passes.
`session` runs many domains; `saved` compares a reviewed plan with the world.
"""
