"""The leaf: mechanisms that every app shares and that know none of them."""
