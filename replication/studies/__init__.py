"""Robustness and reliability of trained networks: what a study finds, kept and frozen."""
