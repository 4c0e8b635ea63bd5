"""All verdicts in one picture."""
