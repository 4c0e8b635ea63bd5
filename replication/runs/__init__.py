"""One training as a run on disk: found or trained, resumed, frozen."""
