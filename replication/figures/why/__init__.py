"""Why there is a code."""
