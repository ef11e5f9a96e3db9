"""Tests, in rooms that mirror agent/."""
