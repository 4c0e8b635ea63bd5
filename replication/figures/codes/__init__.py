"""The code book: which code each class has."""
