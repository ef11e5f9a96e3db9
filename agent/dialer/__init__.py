"""The dialler process: claims attempts, asks the gate, sends an agent; takes back what got lost.

It never dials itself: the job does, when its agent is ready. Called by `wiring`."""
