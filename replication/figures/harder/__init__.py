"""Harder data."""
