"""The storefront's API of risk."""
