"""What remembers, judges and shows trainings of `binenc_core`: data, runs, campaigns, figures."""
