"""Where everything is kept: tables, their one migration history, and every query by name, one module per table."""
