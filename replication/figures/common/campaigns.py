"""What a page says where a campaign is not frozen."""


def missing(name: str) -> str:
    """Which campaign is not there, and the two commands that make it."""
    run = f"python -m replication campaign {name}"
    return f"`results/{name}` is not there: `{run}` trains it, and `{run} --freeze` freezes it."
