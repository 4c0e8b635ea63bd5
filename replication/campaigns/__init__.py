"""Many runs: grids of them, trained and assessed by processes or a cluster."""
