"""`python agent.py COMMAND`: the one door to every process and tool of AI Sales Call.

The import stays inside the guard: the framework's forkserver re-imports this file in every job
process, and must not start a second command line there.
"""

if __name__ == "__main__":
    try:
        from agent.cli.commands import main

        main()
    except ModuleNotFoundError as missing:
        raise SystemExit(
            f"error: this Python has no {missing.name}: run `make setup`, then "
            "`source .venv/bin/activate` in this terminal"
        ) from None
