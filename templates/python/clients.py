"""The client endpoint: THIS FILE IS YOURS. It finds the user in each request, and says what is done for him.

`GET /` tells who is there. What is done for a user is a function of his standing, called where he is served.
"""
import re
from urllib.parse import unquote

from context import written
from contract.accepted import size
from contract.state import ALL
from contract.wire import Malformed


def asked(method, path, body, instance):
    """The user, and what is to be done for him."""
    match = re.fullmatch(r"/users/([^/]+)(/writes)?", path)
    if match is None or method != ("POST" if match[2] else "GET"):
        raise Malformed("no such resource", 404)
    user, number = unquote(match[1]), body.get("number")
    if user == ALL:
        raise Malformed("that is no name of a user")
    if match[2] and (type(number) is not int or number < 0):
        raise Malformed("a write has a whole number")

    def act(standing):
        if match[2]:  # once: of a repetition it makes nothing
            instance.accept(user, number, lambda context: written(context, body.get("value")))
        standing = instance.of(user)
        told = {"number": number} if match[2] else {**standing.context, "accepted": standing.accepted}
        counter = size(standing.accepted)
        return {**told, "user": user, "counter": counter, "epoch": standing.epoch, "instance": instance.id}

    return user, act
