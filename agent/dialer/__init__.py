"""The dialer process: claims attempts, asks the gate, sends an agent; requeues what got lost.

It never dials itself: the job does, when its agent is ready. Called by `wiring`."""
