"""Benches: plain scripts, run by `python -m tests.bench.NAME` from the project's root; pytest collects none of them."""
