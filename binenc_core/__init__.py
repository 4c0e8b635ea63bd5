"""Latent binary encoding in deep classifiers: models, loss, training, metrics, attacks, scores."""
