"""The management endpoint: what Ferry asks (docs/application-contract.md), and what instances tell each other."""
from urllib.parse import parse_qs, urlsplit

from contract.answering import Handler
from contract.instance import Malformed


def text(body, name):
    if isinstance(body.get(name), str) and body[name]:
        return body[name]
    raise Malformed(f"{name} is missing")


def count(body, name):
    if type(body.get(name)) is int and body[name] >= 0:
        return body[name]
    raise Malformed(f"{name} is no whole number")


def peer(body, name):
    at = body.get(name)
    if isinstance(at, dict) and isinstance(at.get("host"), str) and at["host"] and type(at.get("port")) is int:
        return f"{at['host']}:{at['port']}"
    raise Malformed(f"{name} is no {{host, port}}")


def listed(body, name):
    if isinstance(body.get(name), list):
        return body[name]
    raise Malformed(f"{name} is no list")


def elsewhere(body):
    return [{"user": text(one, "user"), "epoch": count(one, "epoch"), "to": peer(one, "to")}
            for one in body.get("elsewhere") or []]


def optional(read, body, name):
    return None if body.get(name) is None else read(body, name)


def calls_of(instance):
    return {
        "POST /relocation/v1/promise": lambda b: instance.promise(
            text(b, "relocation"), text(b, "users"), optional(peer, b, "target")),
        "POST /relocation/v1/copy": lambda b: instance.copy(
            text(b, "relocation"), text(b, "users"), peer(b, "source"), listed(b, "chunk"), optional(count, b, "epoch") or 0),
        "POST /relocation/v1/handOver": lambda b: instance.hand_over(text(b, "relocation"), peer(b, "target")),
        "POST /relocation/v1/settle": lambda b: instance.settle(
            text(b, "relocation"), optional(text, b, "users"), b.get("retired") is True),
        "POST /relocation/v1/retire": lambda b: instance.retire(text(b, "relocation")),
        "POST /relocation/v1/supersede": lambda b: instance.supersede(
            text(b, "relocation"), text(b, "users"), count(b, "epoch"), optional(peer, b, "to"), b.get("spared") is True, elsewhere(b)),
        # Between two instances of yours
        "POST /transfer/v1/prepare": lambda b: instance.prepare(
            **{name: b[name] for name in ("relocation", "users", "source", "number", "entries", "total")}),
        "POST /transfer/v1/commit": lambda b: instance.commit(text(b, "relocation"), count(b, "number"), b.get("whole")),
        "POST /transfer/v1/leaving": lambda b: instance.leaving(text(b, "instance"), listed(b, "users"), listed(b, "peers")),
        "POST /transfer/v1/left": lambda b: instance.left(text(b, "instance")),
        # Yours, and nobody else's: makes this the first instance, and tells what there is
        "POST /provider/found": lambda b: instance.found(list(b.get("users") or {})),
        "GET /provider/state": lambda _: instance.everything(),
    }


class Management(Handler):
    def answer(self):
        url, body = urlsplit(self.path), self.body(1 << 26)
        call = self.calls.get(f"{self.command} {url.path}")
        if f"{self.command} {url.path}" == "GET /relocation/v1/state":
            users = parse_qs(url.query).get("users", ["*"])[0]
            call = lambda _: self.instance.state(users)
        if call is None:
            raise Malformed("no such resource", 404)
        with self.instance.lock:
            said = call(body)
        self.json(said)
