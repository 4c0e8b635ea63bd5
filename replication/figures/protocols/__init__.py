"""The paper's text beside its released code."""
