"""How the code depends on γ."""
