"""HTTP on port 3001: the guide's endpoints, calls, opt-outs, health and metrics.

`app.build_app(parts)` makes the application; only wiring calls it. No route dials: a wanted call is
written down as an Attempt, and the dialler does the rest.
"""
