"""Pages in a real Chromium, driven over its own protocol: no driver, no Node."""
