"""Holdfast: the back office of promotions that can be claimed, spent, watched and frozen."""
