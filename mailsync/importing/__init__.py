"""From a zone as it is to the zone file that says the same: pure, no I/O and no clock.

The loader and the planner are the judges: what the one refuses, or the other would change, is not
written as desired but told, in a comment of the file and in the report. So a plan right after an
import is empty, and whoever imports twice gets the same file.
"""
