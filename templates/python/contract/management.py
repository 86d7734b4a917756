"""The management endpoint: what Ferry asks (docs/application-contract.md), and what instances tell each other."""
import time
from urllib.parse import parse_qs, urlsplit

from contract.accepted import size
from contract.state import ALL, Standing, is_context, overlap
from contract.wire import Handler, Malformed, Refused, peer_at

RECENT = 60


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
        return peer_at(at["host"], at["port"])
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
        "POST /provider/found": lambda b: found(instance, list(b.get("users") or {})),
        "GET /provider/state": lambda _: everything(instance),
    }


def state(instance, users):
    now = time.monotonic()
    seen = [at for user, at in instance.visitors.items() if users in (ALL, user)]
    named = [user for user in instance.users if user != ALL] if users == ALL else [users]
    standings = [(user, instance.of(user)) for user in named]
    return {
        "instance": instance.id,
        "role": instance.users[ALL].role,
        "epoch": instance.users[ALL].epoch,
        "users": [{"user": u, "role": s.role, "epoch": s.epoch, "count": size(s.accepted)} for u, s in standings],
        "promisedTo": instance.promised_to(users),
        "copies": [copy_of(name, one, now) for name, one in instance.relocations.items()
                   if one.phase == "receiving" and overlap(one.users, users)],
        "retiring": instance.gone,
        "clientSeenSecondsAgo": round(now - max(seen), 3) if seen else None,
        "clients": sum(now - at < RECENT for at in seen),
        "expectedFreezeMs": int(instance.round_trip * 1000) + 2,
    }


def copy_of(relocation, one, now):
    given = [entry for entry in one.staged.values() if is_context(entry) and entry["user"] != ALL]
    ago = None if one.copied_at is None else round(now - one.copied_at, 3)
    counted = {"copiedUsers": len(given), "count": sum(size(entry["accepted"]) for entry in given)}
    return {"relocation": relocation, "users": one.users, **counted, "prepared": one.prepared is not None, "secondsAgo": ago}


def found(instance, named):
    """Serves whoever comes, of whom `named` are listed; with what it had kept, where it was started again."""
    everybody, own = instance.users[ALL], instance.journal.kept.get(ALL)
    if instance.gone:
        raise Refused("Retiring")
    if everybody.epoch > 0 or everybody.to is not None:
        raise Refused("Authority")
    if own and not is_context(own):
        raise Refused("NotServing")  # it gave them away before
    epoch = max([0] + [entry["epoch"] for entry in instance.journal.kept.values()]) + 1
    kept = own or everybody.kept
    instance.become_authority(ALL, epoch, kept)
    for user, entry in instance.journal.kept.items():
        if is_context(entry):
            instance.become_authority(user, epoch, entry)
        else:
            instance.users[user] = Standing("relay", entry["epoch"], to=entry["to"])
    for user in named:
        instance.list(user)
    instance.journal.write([{**kept, "user": ALL, "epoch": epoch}])
    return {"instance": instance.id}


def everything(instance):
    listed = [{"user": user, "role": one.role, "epoch": one.epoch, "to": one.to, **one.kept}
              for user, one in instance.users.items()]
    return {
        "instance": instance.id,
        "freezes": instance.freezes,
        "retiring": instance.gone or instance.leaving_now is not None,
        "frozen": [user for user, one in instance.users.items() if one.frozen],
        "users": listed,
        "relocations": [{"relocation": name, "phase": one.phase} for name, one in instance.relocations.items()],
    }


class Management(Handler):
    def answer(self):
        self.demand_token()
        url, body = urlsplit(self.path), self.body(1 << 26)
        call = self.calls.get(f"{self.command} {url.path}")
        if f"{self.command} {url.path}" == "GET /relocation/v1/state":
            users = parse_qs(url.query).get("users", ["*"])[0]
            call = lambda _: state(self.instance, users)
        if call is None:
            raise Malformed("no such resource", 404)
        with self.instance.lock:
            said = call(body)
        self.json(said)
