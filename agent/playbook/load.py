"""Reading a playbook from its file, with errors that name file, line and fix."""

from pathlib import Path

from agent.errors import PlaybookError
from agent.playbook.front_matter import FrontMatter, read_front_matter
from agent.playbook.model import Playbook


def load_playbook(prompts_dir: Path, name: str) -> Playbook:
    """Read and validate prompts/playbooks/<name>.md: its text in the language of that file.

    Raises PlaybookError naming the file, the line and the fix.
    """
    return read_playbook(prompts_dir, name)[1]


def read_playbook(prompts_dir: Path, name: str) -> tuple[FrontMatter, Playbook]:
    """The same, with the front matter as it was written. Raises PlaybookError."""
    path = prompts_dir / "playbooks" / f"{name}.md"
    if not path.is_file() or "." in name:
        known = ", ".join(playbook_names(prompts_dir)) or "none"
        shown = f"{prompts_dir.name}/playbooks/{name}.md"
        raise PlaybookError(shown, 1, "no such playbook", f"set PLAYBOOK to one of: {known}")
    written = read_front_matter(path)
    return written, written.checked(Playbook, written.values, name=name, body=written.body)


def playbook_names(prompts_dir: Path) -> list[str]:
    """The playbooks that are there. `default.fr.md` is a language of `default`, not a playbook."""
    paths = (prompts_dir / "playbooks").glob("*.md")
    return sorted(path.stem for path in paths if "." not in path.stem)
