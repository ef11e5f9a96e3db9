"""Plain Python: what a call is, how it ended and why. No I/O, no clock, no framework.

Called by everything. Time, randomness and identity are always arguments."""
