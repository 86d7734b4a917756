"""Keeps the application contract: which instance serves whom, and how users are given and taken.

One lock guards everything; whatever changes the state does so while holding it, and never while it waits for a peer.
"""
import json
import os
import threading
import time
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException

from context import EMPTY, size

ALL = "*"  # whoever is not listed by name
CHUNK, REFRESH, RETRY, CALL, FAREWELL, TELL, RECENT = 500, 0.025, 0.2, 2, 2, 0.8, 60


class Refused(Exception):
    """Says no, by the name that the contract has for it."""

    def __init__(self, type, relocation=None):
        super().__init__(type)
        self.type, self.relocation = type, relocation


class Malformed(Exception):
    def __init__(self, detail, status=400):
        super().__init__(detail)
        self.status = status


@dataclass
class Standing:
    role: str = "standby"  # or authority, relay
    epoch: int = 0  # the hand-over that this goes back to
    context: dict = field(default_factory=lambda: EMPTY)
    to: str = None  # whom to relay to, as host:port of the management endpoint
    frozen: object = None


@dataclass
class Relocation:
    phase: str  # promised, handedOver, kept; receiving, received; superseded
    users: str = ALL
    target: str = None
    sent: dict = field(default_factory=dict)  # what the target has: a stamp by user
    freeze: dict = None
    keys: list = None
    receipt: dict = None
    committed: bool = False
    retired: bool = False
    staged: dict = field(default_factory=dict)
    prepared: int = None  # number of the freeze whose last delta is staged
    copied_at: float = None
    number: int = None
    body: dict = None


def tell(peer, path, message, timeout=CALL):
    """Status 0: it said nothing; the last is true where nothing listens there any more."""
    host, port = peer.rsplit(":", 1)
    connection = HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request("POST", path, json.dumps(message), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] == b"{" else {}, False
    except (OSError, ValueError, HTTPException) as error:
        return 0, {}, isinstance(error, ConnectionRefusedError)
    finally:
        connection.close()


def is_context(entry):
    return "accepted" in entry


def stamp(entry):
    return (entry["epoch"], size(entry) if is_context(entry) else entry["to"])


def total(entries):
    return {"entries": len(entries), "count": sum(size(entry) for entry in entries if is_context(entry))}


def overlap(one, other):
    return ALL in (one, other) or one == other


class Journal:
    """What was accepted, and who was given to whom, written before anybody is told (DATA_DIR; without one, nothing is).

    An instance that is started again is the standby of nobody all the same: others may have gone on without it. What
    it had kept counts again when its provider founds it.
    """

    def __init__(self, folder):
        self.file, self.kept = folder and os.path.join(folder, "journal.jsonl"), {}
        if self.file and os.path.exists(self.file):
            with open(self.file) as lines:  # what a crash cut off was acknowledged to nobody
                entries = [json.loads(line) for line in lines if line.endswith("\n")]
            self.kept = {entry["user"]: entry for entry in entries}
            with open(self.file + ".new", "w") as anew:
                anew.writelines(json.dumps(entry) + "\n" for entry in self.kept.values())
            os.replace(self.file + ".new", self.file)

    def write(self, entries):
        if self.file:
            with open(self.file, "a") as lines:
                lines.write("".join(json.dumps(entry) + "\n" for entry in entries))


class Instance:
    def __init__(self, id, host, port, management_port, freeze_limit, folder):
        self.id, self.port, self.self = id, port, f"{host}:{management_port}"
        self.freeze_limit, self.journal = freeze_limit, Journal(folder)
        self.lock = threading.Condition()
        self.users, self.relocations, self.peers, self.fences = {ALL: Standing()}, {}, set(), {}
        self.proposed = self.freezes = self.arrivals = 0
        self.gone, self.leaving_now = False, None
        self.round_trip, self.visitors = 0.005, {}

    # --- who serves whom

    def of(self, user):
        return self.users.get(user) or self.users[ALL]

    def known(self, user):
        return self.users.get(user) or Standing()

    def list(self, user):
        return self.users.setdefault(user, replace(self.of(user)))

    def served(self, users):
        return [key for key, one in self.users.items() if one.role == "authority" and users in (ALL, key)]

    def learn(self, user, epoch, to):
        own = self.known(user)  # older news is none, and an authority needs none
        if own.role != "authority" and epoch >= own.epoch and to != self.self:
            self.users[user] = replace(own, epoch=epoch, to=to)

    def fence(self, user):
        return max([0] + [epoch for whom, epoch in self.fences.items() if overlap(whom, user)])

    def promised_to(self, users):
        names = (name for name, one in self.relocations.items() if one.phase == "promised" and overlap(one.users, users))
        return next(names, None)

    def accept(self, user, context):
        """A write, within `serve`."""
        self.journal.write([{"user": user, "epoch": self.of(user).epoch, **context}])
        self.list(user).context = context

    def serve(self, user, hops, fence, act):
        """What `act` makes of it, where this is his authority, in a freeze when that is over; else whom to relay to."""
        with self.lock:
            if hops == 0:
                self.visitors[user] = time.monotonic()
            if fence is not None:
                epoch, everybody = fence
                self.decided_at(user, epoch)
                fenced = self.users.get(ALL if everybody else user)
                if fenced and fenced.role == "authority" and epoch > fenced.epoch:
                    fenced.role, fenced.epoch = "standby", epoch
            self.lock.wait_for(lambda: self.of(user).role != "authority" or self.of(user).frozen is None)
            standing = self.of(user)
            if standing.role == "authority":
                return act(standing), self.of(user)
            if standing.to is None:
                raise Refused("NoAuthority")
            return None, replace(standing)

    # --- giving

    def promise(self, relocation, users, target):
        known = self.relocations.get(relocation)
        if known and known.phase == "kept":
            raise Refused("Kept")
        if known and known.phase == "handedOver":
            return {"users": known.receipt["users"], "copied": known.receipt["users"]}
        if known and known.phase != "promised":
            raise Refused("NotServing")
        if self.gone:
            raise Refused("Retiring")
        other = self.promised_to(users)
        if other not in (None, relocation):
            raise Refused("PromisedElsewhere", other)
        if users != ALL and self.of(users).role == "authority":
            self.list(users)
        if not self.served(users):
            raise Refused("NotServing")
        if known is None:
            known = self.relocations[relocation] = Relocation("promised", users)
            threading.Thread(target=self.copy_ahead, args=(relocation, known), daemon=True).start()
        if target and not known.freeze:
            self.aim(known, target)
        keys = [key for key in self.served(users) if key != ALL]
        return {"users": len(keys), "copied": sum(key in known.sent for key in keys)}

    def aim(self, known, target):
        self.peers.add(target)
        if known.target != target:  # another one has nothing yet
            known.sent.clear()
        known.target = target

    def news(self, known):
        return [entry for entry in self.entries(known.users) if known.sent.get(entry["user"]) != stamp(entry)]

    def copy_ahead(self, relocation, known):
        host, port = self.self.rsplit(":", 1)
        while True:
            with self.lock:
                if self.relocations.get(relocation) is not known or known.phase != "promised":
                    return
                target, chunk = known.target, self.news(known)[:CHUNK] if known.target and not known.freeze else []
            if chunk:
                message = {"relocation": relocation, "users": known.users, "chunk": chunk}
                message["source"] = {"host": host, "port": int(port)}
                if self.send(target, "/relocation/v1/copy", message)[0] == 204:
                    with self.lock:
                        if known.target == target:
                            known.sent.update((entry["user"], stamp(entry)) for entry in chunk)
                    continue
            time.sleep(REFRESH)

    def hand_over(self, relocation, target):
        """Freezes, has the target prepare, and decides, once."""
        known = self.relocations.get(relocation)
        if known and known.phase == "kept":
            raise Refused("Kept")
        if known and known.phase == "handedOver":
            return known.receipt
        if known is None or known.phase != "promised":
            raise Refused("NotPromised")
        if known.freeze is None:
            self.begin(relocation, known, target)
        freeze = known.freeze
        self.lock.wait_for(lambda: freeze["ended"])
        if isinstance(freeze["ended"], Refused):
            raise Refused(freeze["ended"].type)
        return freeze["ended"]

    def begin(self, relocation, known, target):
        keys = self.served(known.users)
        if not keys:
            raise Refused("NotServing")
        self.aim(known, target)
        self.proposed = max([self.proposed] + [self.known(key).epoch for key in keys]) + 1
        self.freezes += 1
        known.freeze = {"number": self.proposed, "keys": keys, "since": time.monotonic(), "ended": None}
        for key in keys:
            self.known(key).frozen = known.freeze
        limit = threading.Timer(self.freeze_limit, self.limit, (relocation, known, known.freeze))
        limit.daemon = True
        limit.start()
        asking = threading.Thread(target=self.ask, args=(relocation, known, known.freeze, limit), daemon=True)
        asking.start()

    def limit(self, relocation, known, freeze):
        with self.lock:
            self.end(known, freeze, Refused("TargetSilent"))

    def ask(self, relocation, known, freeze, limit):
        for _ in range(2):
            with self.lock:
                entries, delta = self.entries(known.users), self.news(known)
            prepare = {"relocation": relocation, "users": known.users, "source": self.self}
            prepare.update(number=freeze["number"], entries=delta, total=total(entries))
            status, body, _ = self.send(known.target, "/transfer/v1/prepare", prepare, self.freeze_limit)
            if status != 409 or body.get("type") != "Incomplete":
                break
            with self.lock:
                known.sent.clear()  # it misses something, and is told everything
        with self.lock:
            limit.cancel()
            if freeze["ended"]:
                return  # thawed: whatever the target says now, the users stay here
            if status == 204:
                self.decide(relocation, known, freeze)
            else:
                self.end(known, freeze, Refused("TargetRefused" if status == 409 else "TargetSilent"))

    def decide(self, relocation, known, freeze):
        number, keys, target = freeze["number"], freeze["keys"], known.target
        of = [{"user": key, "count": size(self.known(key).context)} for key in keys]
        receipt = {"relocation": relocation, "epoch": number, "users": sum(key != ALL for key in keys), "of": of}
        receipt["count"] = sum(one["count"] for one in of)
        receipt["freezeMs"] = round((time.monotonic() - freeze["since"]) * 1000, 2)
        try:
            self.journal.write([{"user": key, "epoch": number, "to": target} for key in keys])
        except OSError:
            return self.end(known, freeze, Refused("TargetRefused"))  # it is not written: it has not happened
        for key in keys:
            one = self.known(key)
            one.role, one.epoch, one.to = "relay", number, target
        given = Relocation("handedOver", known.users, target, keys=keys, receipt=receipt)
        self.relocations[relocation] = given
        self.end(known, freeze, receipt)
        threading.Thread(target=self.tell_decision, args=(relocation, given), daemon=True).start()

    def end(self, known, freeze, outcome):
        if freeze["ended"]:
            return
        freeze["ended"], known.freeze = outcome, None
        for key in freeze["keys"]:
            if self.known(key).frozen is freeze:
                self.known(key).frozen = None
        self.lock.notify_all()

    def tell_decision(self, relocation, given):
        """Nobody but the source knows of it: it tells the target until that has heard."""
        number, whole = given.receipt["epoch"], None
        while not given.committed and self.relocations.get(relocation) is given:
            message = {"relocation": relocation, "number": number, "whole": whole}
            status, body, _ = self.send(given.target, "/transfer/v1/commit", message)
            with self.lock:
                if status == 204:
                    given.committed = True
                    self.forget(given)
                elif body.get("type") == "NotPrepared" and whole is None:
                    entries = self.entries(given.users, number)
                    whole = {"relocation": relocation, "users": given.users, "source": self.self}
                    whole.update(number=number, entries=entries, total=total(entries))
                    continue
            if status != 204:
                time.sleep(RETRY)

    def settle(self, relocation, users, retired):
        known = self.relocations.get(relocation)
        users = users or (known.users if known else ALL)
        serves = bool(self.served(ALL)) if users == ALL else self.of(users).role == "authority"
        if known and known.phase == "handedOver":
            known.retired = known.retired or retired
            self.forget(known)
        if known and known.phase in ("handedOver", "received"):
            return {"settlement": "handedOver", "serves": serves}
        self.bury(relocation)
        return {"settlement": "kept", "serves": serves}

    def bury(self, relocation):
        known = self.relocations.get(relocation)
        self.relocations[relocation] = Relocation("kept")
        if known and known.freeze:
            self.end(known, known.freeze, Refused("Kept"))

    def forget(self, given):
        """Of whom it gave away it remembers where they are."""
        for key in given.keys if given.committed and given.retired else []:
            one = self.known(key)
            if one.role == "relay" and one.epoch == given.receipt["epoch"]:
                one.context = EMPTY

    def entries(self, users, given=None):
        """The context of each, or where he is: before the decision, and (`given`) as it gave them away."""
        entries = []
        for user, one in self.users.items() if users == ALL else [(users, self.of(users))]:
            moves = one.role == "authority" if given is None else one.role != "authority" and one.epoch == given
            at = self.self if one.role == "authority" else one.to
            if moves:
                entries.append({"user": user, "epoch": one.epoch, **one.context})
            elif at is not None:
                entries.append({"user": user, "epoch": one.epoch, "to": at})
        return entries

    def send(self, to, path, message, timeout=CALL):
        sent = time.monotonic()
        heard = tell(to, path, message, timeout)
        if heard[0] == 204:
            self.round_trip = time.monotonic() - sent
        return heard

    # --- taking

    def copy(self, relocation, users, source, chunk, epoch):
        known = self.relocations.get(relocation)
        if known and known.phase == "kept":
            raise Refused("Kept")
        concerned = [entry["user"] for entry in chunk if is_context(entry)] + ([users] if not chunk and users != ALL else [])
        if any(self.of(user).role == "authority" for user in concerned) or (known and known.phase != "receiving"):
            raise Refused("Authority")
        if any(one["epoch"] < self.fence(one["user"]) for one in chunk or [{"user": users, "epoch": epoch}]):
            raise Refused("Outdated")
        if self.gone:
            raise Refused("Retiring")
        receiving = self.relocations.setdefault(relocation, Relocation("receiving", users))
        self.arrivals += 1
        self.peers.add(source)
        self.stage(receiving, chunk)
        if not chunk and self.known(users).role != "authority":  # introduced: it relays to the source from now on
            self.users[users] = replace(self.known(users), role="standby", to=source)
        self.learn_from(chunk, source)

    def stage(self, receiving, entries):
        """Messages may arrive late and twice: the newer epoch wins, and within one epoch the one with more."""
        for entry in entries:
            known = receiving.staged.get(entry["user"])
            if known and known["epoch"] > entry["epoch"]:
                continue
            both = known and known["epoch"] == entry["epoch"] and is_context(known) and is_context(entry)
            if not (both and size(known) > size(entry)):
                receiving.staged[entry["user"]] = entry
            receiving.copied_at = time.monotonic()

    def learn_from(self, entries, source):
        for entry in entries:
            self.learn(entry["user"], entry["epoch"], source if is_context(entry) else entry["to"])

    def prepare(self, relocation, users, source, number, entries, total):
        """Takes the last delta, and waits: only the source decides."""
        known = self.relocations.get(relocation)
        if known and known.phase == "kept":
            raise Refused("Kept")
        if self.gone:
            raise Refused("Retiring")
        receiving = known if known and known.phase == "receiving" else Relocation("receiving", users)
        if receiving.prepared is not None and number < receiving.prepared:
            raise Refused("Outdated")
        self.stage(receiving, entries)
        self.check(receiving, number, total)
        receiving.prepared = number
        self.relocations[relocation] = receiving
        self.arrivals += 1
        self.peers.add(source)
        self.learn_from(entries, source)

    def commit(self, relocation, number, whole):
        known = self.relocations.get(relocation)
        if known and known.phase == "received" and known.number >= number:
            return
        if known and known.phase == "receiving" and known.prepared == number:
            return self.take_over(relocation, known, number)
        if whole is None:
            raise Refused("NotPrepared")
        if self.gone:
            raise Refused("Retiring")
        receiving = Relocation("receiving", whole["users"])
        self.stage(receiving, whole["entries"])
        self.check(receiving, number, whole["total"])
        self.peers.add(whole["source"])
        self.take_over(relocation, receiving, number)

    def decided_at(self, user, number):
        """A relayed request with the number for which this is prepared tells as well that the source has decided."""
        for relocation, known in list(self.relocations.items()):
            entry = known.staged.get(user) or known.staged.get(ALL)
            if known.phase == "receiving" and known.prepared == number and entry and is_context(entry):
                if self.of(user).role != "authority":
                    self.take_over(relocation, known, number)

    def check(self, receiving, number, expected):
        for user, entry in receiving.staged.items():
            if not is_context(entry):
                continue
            if self.of(user).role == "authority":
                raise Refused("Authority")
            if number <= self.known(user).epoch or number < self.fence(user):
                raise Refused("Outdated")
        if total(list(receiving.staged.values())) != expected:
            raise Refused("Incomplete")

    def take_over(self, relocation, receiving, number):
        given = [{**entry, "epoch": number} for entry in receiving.staged.values() if is_context(entry)]
        self.journal.write(given)
        if ALL in [entry["user"] for entry in given]:
            kept = {user: one for user, one in self.users.items() if one.role == "authority" or user in receiving.staged}
            self.users = {ALL: self.users[ALL], **kept}
        for entry in given:
            self.become_authority(entry["user"], number, entry)
        for entry in receiving.staged.values():
            if not is_context(entry):
                self.learn(entry["user"], entry["epoch"], entry["to"])
        self.relocations[relocation] = Relocation("received", receiving.users, number=number)
        self.arrivals += 1
        self.lock.notify_all()

    def become_authority(self, user, epoch, context):
        self.users[user] = Standing("authority", epoch, {"value": context["value"], "accepted": context["accepted"]})

    # --- going

    def retire(self, relocation):
        if self.gone:
            return {"retires": True}
        why = self.needed(relocation)
        if why:
            return {"retires": False, "why": why}
        if self.leaving_now is None:
            farewell = self.leaving_now = {"ended": None}
            known = self.relocations.get(relocation)
            if known and known.phase == "receiving":
                self.bury(relocation)  # its own source has said `kept`
            self.take_leave(relocation, farewell)
            self.leaving_now = None
            self.lock.notify_all()
            return farewell["ended"]
        farewell = self.leaving_now
        self.lock.wait_for(lambda: farewell["ended"])
        return farewell["ended"]

    def needed(self, relocation):
        if self.served(ALL):
            return "serves"
        others = [one.phase for name, one in self.relocations.items() if name != relocation]
        return "expected" if "receiving" in others else None

    def take_leave(self, relocation, farewell):
        told, heard, arrivals, deadline = set(), set(), self.arrivals, time.monotonic() + FAREWELL
        while farewell["ended"] is None:
            why = self.needed(relocation) or (None if self.arrivals == arrivals else "expected")
            given = [one for one in self.relocations.values() if one.phase == "handedOver"]
            peers = set(self.peers) if given else set()  # else nobody relies on it
            unheard = any(not one.committed for one in given)
            if why:
                farewell["ended"] = {"retires": False, "why": why}
            elif not unheard and peers <= heard:
                self.gone = True
                farewell["ended"] = {"retires": True}
                for peer in heard:
                    threading.Thread(target=tell, args=(peer, "/transfer/v1/left", {"instance": self.self}), daemon=True).start()
            elif time.monotonic() > deadline:
                farewell["ended"] = {"retires": False, "why": "serves" if unheard else "pointedTo"}
            else:
                for peer in peers - told:
                    told.add(peer)
                    threading.Thread(target=self.bid_farewell, args=(peer, heard, farewell), daemon=True).start()
                self.lock.wait(0.05)

    def bid_farewell(self, peer, heard, farewell):
        while farewell["ended"] is None:
            with self.lock:
                users = [{"user": user, "epoch": one.epoch, "to": one.to} for user, one in self.users.items()]
                users = [one for one in users if one["epoch"] > 0 and one["to"] is not None]
                message = {"instance": self.self, "number": 1, "users": users, "peers": sorted(self.peers)}
            status, body, refused = tell(peer, "/transfer/v1/leaving", message, TELL)
            if status == 200 or refused:
                with self.lock:
                    heard.add(peer)
                    self.meet(body.get("peers", []))
                    self.lock.notify_all()
                return
            time.sleep(RETRY)

    def meet(self, peers):
        self.peers.update(peer for peer in peers if peer != self.self)

    def leaving(self, instance, users, peers):
        """Another one is about to go, and says where those are whom it relays. Answers whom this one knows."""
        for one in users:
            if self.of(one["user"]).role != "authority":
                self.learn(one["user"], one["epoch"], one["to"])
        for known in self.relocations.values():  # who went on from there had arrived there
            if known.phase == "handedOver" and known.target == instance and not known.committed:
                known.committed = all(self.of(key).epoch > known.receipt["epoch"] for key in known.keys)
        answer = {"peers": sorted(self.peers)}
        self.meet(peers)
        return answer

    def left(self, instance):
        self.peers.discard(instance)

    # --- in the place of a source that died

    def supersede(self, relocation, users, epoch, to, spared, elsewhere):
        known = self.relocations.get(relocation)
        if known and known.phase == "superseded":
            return known.body
        if known and known.phase == "kept":
            raise Refused("Kept")
        serves, newest = self.of(users).role == "authority", max(self.fence(users), self.of(users).epoch)
        if serves and (spared or to is None):
            raise Refused("Authority")
        if epoch < newest or (epoch == newest and serves):
            raise Refused("Outdated")
        if self.gone and to is None:
            raise Refused("Retiring")
        self.fences[users], self.proposed = epoch, max(self.proposed, epoch)
        kept = self.served(users) if spared or to is None else []
        for key in kept:
            self.known(key).epoch = max(self.known(key).epoch, epoch)
        if to is None:
            self.take_place(users, epoch, elsewhere)
        else:
            keys = {users} | {key for key in self.users if users in (ALL, key)}
            keys -= set(kept)
            self.journal.write([{"user": key, "epoch": epoch, "to": to} for key in keys])
            self.peers.add(to)
            for key in keys:
                self.users[key] = replace(self.known(key), role="relay", epoch=epoch, to=to)
        for name, one in list(self.relocations.items()):
            if one.phase in ("promised", "receiving") and overlap(one.users, users):
                self.bury(name)
            elif one.phase == "handedOver" and to is not None and not spared and users in (ALL, one.users):
                one.committed = True  # of what the lost source has decided nobody needs to hear any more
        served = [key for key in self.served(users) if key != ALL]
        body = {"users": len(served), "count": sum(size(self.known(key).context) for key in served)}
        body["kept"] = [{"user": key, "epoch": self.known(key).epoch} for key in kept]
        self.relocations[relocation] = Relocation("superseded", users, body=body)
        self.lock.notify_all()
        return body

    def take_place(self, users, epoch, elsewhere):
        copies = {}  # the newest of each, by whatever relocation
        for one in self.relocations.values():
            for entry in one.staged.values() if one.phase == "receiving" and overlap(one.users, users) else []:
                best = copies.get(entry["user"])
                if is_context(entry) and (best is None or stamp(entry) > stamp(best)):
                    copies[entry["user"]] = entry
        whose = {user for user in {users, *self.users, *copies} if users in (ALL, user)}
        whose = {user for user in whose if self.known(user).role != "authority"} - {one["user"] for one in elsewhere}
        taken = {user: copies.get(user) or self.known(user).context for user in whose}
        self.journal.write([{**context, "user": user, "epoch": epoch} for user, context in taken.items()])
        for user, context in taken.items():
            self.become_authority(user, epoch, context)
        for one in elsewhere:
            standing = replace(self.known(one["user"]), role="relay", epoch=max(one["epoch"], epoch), to=one["to"])
            self.users[one["user"]] = standing
            self.peers.add(one["to"])

    # --- what is told

    def state(self, users):
        now = time.monotonic()
        seen = [at for user, at in self.visitors.items() if users in (ALL, user)]
        named = [user for user in self.users if user != ALL] if users == ALL else [users]
        standings = [(user, self.of(user)) for user in named]
        return {
            "instance": self.id,
            "role": self.users[ALL].role,
            "epoch": self.users[ALL].epoch,
            "users": [{"user": u, "role": s.role, "epoch": s.epoch, "count": size(s.context)} for u, s in standings],
            "promisedTo": self.promised_to(users),
            "copies": [self.copy_of(name, one, now) for name, one in self.relocations.items()
                       if one.phase == "receiving" and overlap(one.users, users)],
            "retiring": self.gone,
            "clientSeenSecondsAgo": round(now - max(seen), 3) if seen else None,
            "clients": sum(now - at < RECENT for at in seen),
            "expectedFreezeMs": int(self.round_trip * 1000) + 2,
        }

    def copy_of(self, relocation, one, now):
        given = [entry for entry in one.staged.values() if is_context(entry) and entry["user"] != ALL]
        ago = None if one.copied_at is None else round(now - one.copied_at, 3)
        counted = {"copiedUsers": len(given), "count": sum(size(entry) for entry in given)}
        return {"relocation": relocation, "users": one.users, **counted, "prepared": one.prepared is not None, "secondsAgo": ago}

    def found(self, named):
        """Serves whoever comes, of whom `named` are listed; with what it had kept, where it was started again."""
        everybody, own = self.users[ALL], self.journal.kept.get(ALL)
        if self.gone:
            raise Refused("Retiring")
        if everybody.epoch > 0 or everybody.to is not None:
            raise Refused("Authority")
        if own and not is_context(own):
            raise Refused("NotServing")  # it gave them away before
        epoch = max([0] + [entry["epoch"] for entry in self.journal.kept.values()]) + 1
        self.become_authority(ALL, epoch, own or EMPTY)
        for user, entry in self.journal.kept.items():
            if is_context(entry):
                self.become_authority(user, epoch, entry)
            else:
                self.users[user] = Standing("relay", entry["epoch"], to=entry["to"])
        for user in named:
            self.list(user)
        self.journal.write([{"user": ALL, "epoch": epoch, **(own or EMPTY)}])
        return {"instance": self.id}

    def everything(self):
        listed = [{"user": user, "role": one.role, "epoch": one.epoch, "to": one.to, **one.context}
                  for user, one in self.users.items()]
        return {
            "instance": self.id,
            "freezes": self.freezes,
            "retiring": self.gone or self.leaving_now is not None,
            "frozen": [user for user, one in self.users.items() if one.frozen],
            "users": listed,
            "relocations": [{"relocation": name, "phase": one.phase} for name, one in self.relocations.items()],
        }
