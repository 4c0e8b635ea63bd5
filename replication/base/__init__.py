"""What knows nothing of the science: files, progress, provenance, devices."""
