"""What is kept of a user: THIS FILE IS YOURS. Here: the last value that he wrote.

A context is JSON of any shape, since it is copied to other instances. It changes by accepted writes only. Which
writes were accepted is kept beside it by `contract/`, which calls `written` once for each.
"""

EMPTY = {"value": None}


def written(context, value):
    """What one accepted write makes of it."""
    return {**context, "value": value}
