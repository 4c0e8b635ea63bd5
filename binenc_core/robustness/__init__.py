"""How far an image must move until a network decides otherwise, and whether that can be trusted."""
