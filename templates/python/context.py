"""What is kept of a user: THIS FILE IS YOURS. Here: the last value that he wrote.

A context is JSON, since it is copied to other instances. It changes by accepted writes only, and a write is
accepted once, by its number.
"""

EMPTY = {"value": None, "accepted": []}  # numbers as ascending intervals, both ends included: [[1, 7], [9, 9]]


def written(context, number, value):
    """What one accepted write makes of it: a new context, the old one stays as it is."""
    merged = []
    for first, last in sorted(context["accepted"] + [[number, number]]):
        if merged and first <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    return {"value": value, "accepted": merged}


def has(context, number):
    return any(first <= number <= last for first, last in context["accepted"])


def size(context):
    """So many writes: within one epoch it only grows, so it tells two copies of a context apart."""
    return sum(last - first + 1 for first, last in context["accepted"])
