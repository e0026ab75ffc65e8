"""Evidence bundles as archives: written in one way only, and verified without database or network. Pure."""
