"""Latent binary encoding in deep classifiers: models, loss, metrics, training and figures."""
