"""Pages for people, served by a process of their own beside the API; today the one to talk to the
agent. They carry no speech: the browser's goes to LiveKit. Put together by `wiring`."""
