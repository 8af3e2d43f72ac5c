"""Training recipes: torch lives here, and only here."""
