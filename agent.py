"""`python agent.py COMMAND`: the one door to every process and tool of AI Sales Call.

The import stays inside the guard: the framework's forkserver re-imports this file in every job
process, and must not start a second command line there.
"""

if __name__ == "__main__":
    from agent.cli import main

    main()
