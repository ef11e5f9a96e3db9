"""Measurements, printed as ratios side by side; never asserted by `make test`."""
