"""Numbers of accepted writes, as ascending intervals with both ends included: [[1, 7], [9, 9]].

A write is accepted once, by its number: a client that had no answer sends it again.
"""


def has(accepted, number):
    return any(first <= number <= last for first, last in accepted)


def joined(accepted, number):
    merged = []
    for first, last in sorted(accepted + [[number, number]]):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = [merged[-1][0], max(merged[-1][1], last)]
        else:
            merged.append([first, last])
    return merged


def size(accepted):
    """So many writes: within one epoch it only grows, so it tells two copies of a context apart."""
    return sum(last - first + 1 for first, last in accepted)
