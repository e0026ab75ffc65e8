"""How dates and times are written in every language of ours: ISO 8601, to the second."""
