"""What is written under prompts/, read and checked: playbooks, phrases, rules, instructions.

Plain values come out; nothing here speaks. Called by `conversation`, `wiring`, `doctor`, `cli`."""
