"""Files that people edit: one way to read them, whatever an editor or a shell made of them.

`text` turns bytes into text, `yaml_file`, `json_file` and `env_file` turn that into values with
the lines they stand on, `placeholders` finds what an example left to be filled in. What is certain
is understood; all else is one line: which file, which line, what is wrong, what to do. At the
bottom of the layers, since settings, prompts, trunks and scenarios are all such files.
"""
