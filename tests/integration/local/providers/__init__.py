"""The providers' stand-in as a process, met by the real plugins."""
