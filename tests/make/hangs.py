"""For tests of what would hang, or take hours, if it were done the naive way: a bound that no slow machine meets.

Not a measure of speed; those are ratios, in tests/bench.
"""

HANGS_S = 60.0
"""Seconds of work. What is guarded so takes less than one."""
