"""Scopes: which orders a freeze or a release is about, as data that can be read, compared and kept."""
