"""Cutting work into batches that fit the machine's GPU."""


def batch_sizes(profile: dict[str, object]) -> dict[str, int]:
    """The batch size per model, from the machine's profile."""
    sizes = profile.get("batch_sizes")
    if not isinstance(sizes, dict) or not all(isinstance(size, int) and size > 0 for size in sizes.values()):
        raise ValueError(f"machine profile: expected batch_sizes with a positive number per model, found {sizes!r}")
    return sizes


def cut(sizes: dict[str, int], model: object, samples: object) -> dict[str, object]:
    """How many batches a number of samples makes for a model."""
    if not isinstance(model, str) or model not in sizes:
        raise ValueError(f"expected model to be one of {', '.join(sorted(sizes))}, found {model!r}")
    if not isinstance(samples, int) or samples < 1:
        raise ValueError(f"expected samples to be a positive number, found {samples!r}")
    return {"model": model, "batch_size": sizes[model], "batches": -(-samples // sizes[model])}
