"""No test reaches a real provider: whoever tries is refused, reported, and its test fails.

`loopback_only` does the refusing, `sitecustomize` does it in every Python process that a test
starts, `plugin` tells pytest.
"""
