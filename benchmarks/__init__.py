"""Measurements that are run by hand: figures belong in `docs/benchmarks.md`, never in a timed test."""
