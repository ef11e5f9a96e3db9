"""The doctor: what a program can see from outside, judged in order of cause.

A check is a method of `questions` (whom to ask), a judge (from an answer to findings) and a line in
`checks`. Called by `wiring`."""
