"""Measurements that are run by hand: figures belong on the page of what is measured, never in a timed test."""
