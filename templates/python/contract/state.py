"""Which instance serves whom, as this one knows it.

One lock guards everything; whatever changes it does so while holding that, and never while it waits for a peer.
"""
import threading
from dataclasses import dataclass, field, replace

from context import EMPTY
from contract.accepted import size
from contract.journal import Journal
from contract.wire import Refused, peer_at

ALL = "*"  # whoever is not listed by name


@dataclass
class Standing:
    role: str = "standby"  # or authority, relay
    epoch: int = 0  # the hand-over that this goes back to
    context: object = field(default_factory=lambda: EMPTY)  # the provider's: carried whole, whatever is in it
    accepted: list = field(default_factory=list)  # the writes that made it
    to: str = None  # whom to relay to, its management endpoint, as a URI has it
    frozen: object = None

    @property
    def kept(self):
        return {"context": self.context, "accepted": self.accepted}


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


def is_context(entry):
    return "context" in entry


def stamp(entry):
    return (entry["epoch"], size(entry["accepted"]) if is_context(entry) else entry["to"])


def total(entries):
    return {"entries": len(entries), "count": sum(size(entry["accepted"]) for entry in entries if is_context(entry))}


def overlap(one, other):
    return ALL in (one, other) or one == other


class State:
    def __init__(self, id, host, port, management_port, freeze_limit, folder):
        self.id, self.port, self.self = id, port, peer_at(host, management_port)
        self.freeze_limit, self.journal = freeze_limit, Journal(folder)
        self.lock = threading.Condition()
        self.users, self.relocations, self.peers, self.fences = {ALL: Standing()}, {}, set(), {}
        self.proposed = self.freezes = self.arrivals = 0
        self.gone, self.leaving_now = False, None
        self.round_trip, self.visitors = 0.005, {}

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

    def become_authority(self, user, epoch, kept):
        self.users[user] = Standing("authority", epoch, kept["context"], kept["accepted"])

    def bury(self, relocation):
        known = self.relocations.get(relocation)
        self.relocations[relocation] = Relocation("kept")
        if known and known.freeze:
            self.end(known, known.freeze, Refused("Kept"))

    def end(self, known, freeze, outcome):
        if freeze["ended"]:
            return
        freeze["ended"], known.freeze = outcome, None
        for key in freeze["keys"]:
            if self.known(key).frozen is freeze:
                self.known(key).frozen = None
        self.lock.notify_all()
