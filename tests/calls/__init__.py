"""Whole calls: a simulated customer phones the real worker over real WebRTC."""
