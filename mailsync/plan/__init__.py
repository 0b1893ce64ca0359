"""Planning mail changes in time: what is visible, what may run when, and why.

`plan(desired, live, ledger, now)` is a pure function: no I/O, no clock, the same inputs give the
same plan. One file per kind of mail change answers the same questions: what must be visible
before, what switches, what may go afterwards.
"""
