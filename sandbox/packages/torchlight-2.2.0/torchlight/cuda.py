"""What the real library says about its accelerator, said by one that has none."""

version = "12.1"


def is_available():
    """Whether an accelerator can be used: never here."""
    return False
