"""Drawing plans and their state for people and machines: values in, text out.

No I/O and no clock: ``now`` is the plan's own time, or an argument. All that comes from DNS, files
and servers is made harmless here before it is printed. The plan's JSON is `plan.document`.
"""
