"""Fixtures that every test may use, and the guard over all of them."""

pytest_plugins = ["pytester", "tests.database", "tests.network_guard.plugin", "tests.scheduling"]
