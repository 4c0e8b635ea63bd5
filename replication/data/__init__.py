"""Datasets: what is known of each, and from files to tensors."""
