"""The command line, one module for each command: it adds its parser and prepares its work."""
