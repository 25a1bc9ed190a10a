"""What a project has settled in its pyproject.toml. Imports no torch, and no finding in vain."""
