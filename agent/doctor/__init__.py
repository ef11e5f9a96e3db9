"""`python agent.py doctor`: what a program can see from outside of why calls do not work.

Here is what is judged, in which order, and what mends it; nothing here asks anybody. The answers
are fetched by telephony, store and voice and handed in by wiring.
"""
