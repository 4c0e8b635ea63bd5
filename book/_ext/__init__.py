"""Builds the book: runs its notebooks, shows their results in the pages, checks the site."""
