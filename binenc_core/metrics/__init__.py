"""Every quantity of the paper's figures, as pure functions of arrays."""
