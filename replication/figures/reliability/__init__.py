"""The later versions' claim of reliability."""
