"""What is written under prompts/, read and checked: playbooks, phrases, speech rules, instructions.

Plain values come out; nothing here speaks. Called by `conversation`, `wiring`, `doctor` and `cli`."""
