"""How fast claims and orders are, beside what the same server does when it does nothing. `README.md` says how to read it."""
