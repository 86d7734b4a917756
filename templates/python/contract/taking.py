"""The calls by which users are taken: what the source sends ahead, its last delta, and its decision."""
import time
from dataclasses import replace

from contract.accepted import size
from contract.state import ALL, Relocation, State, is_context, total
from contract.wire import Malformed, Refused


class Taking(State):
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
        if any("context" not in entry and "to" not in entry for entry in entries):
            raise Malformed("an entry has a context, or says where he is")  # nothing is taken without what was kept
        for entry in entries:
            known = receiving.staged.get(entry["user"])
            if known and known["epoch"] > entry["epoch"]:
                continue
            both = known and known["epoch"] == entry["epoch"] and is_context(known) and is_context(entry)
            if not (both and size(known["accepted"]) > size(entry["accepted"])):
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
