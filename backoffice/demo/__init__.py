"""The demonstration: staff to log in as, and a night to look at."""
