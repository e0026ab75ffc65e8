"""The product's settings, with a no-op route beside the product's own. Only a benchmark names this module."""

from backoffice.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
