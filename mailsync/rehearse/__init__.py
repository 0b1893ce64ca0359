"""Playing a plan before it is carried out: simulated name servers, resolvers, senders, receivers.

The planner and the engine are the real ones, driven by a simulated clock. Nothing here touches the
network or the DNS host.
"""
