"""The later versions' claim of robustness."""
