"""Django's engine for PostgreSQL, with a pool that is checked without a round trip. Named in the settings."""
