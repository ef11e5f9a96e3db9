"""The sales agent: playbook, what it may say, its tools, disclosure and silence.

Called by `worker`. Knows LiveKit's Agent and nothing of processes, SQL or HTTP."""
