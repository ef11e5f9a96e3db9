"""Logic alone: no socket, no file outside tmp_path, no real clock."""
