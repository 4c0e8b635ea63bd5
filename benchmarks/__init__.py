"""Ratios of speed, each taken in one run on one machine (make bench)."""
