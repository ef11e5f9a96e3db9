"""Simulated customers: programs that hold a phone, listen, and do what their scenario says.

`customer.run_customer` is the way in; called by the phone network stand-in and `simulation`."""
