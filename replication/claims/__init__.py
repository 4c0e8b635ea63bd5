"""The paper's claims as data (claims.toml), and the one engine that judges them."""
