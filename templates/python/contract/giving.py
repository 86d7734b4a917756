"""The calls by which users are given to another instance. Only this side decides, once."""
import threading
import time

from context import EMPTY
from contract.accepted import size
from contract.state import ALL, Relocation, State, stamp, total
from contract.wire import CALL, Refused, endpoint, tell

CHUNK, REFRESH, RETRY = 500, 0.025, 0.2


class Giving(State):
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
        host, port = endpoint(self.self)
        while True:
            with self.lock:
                if self.relocations.get(relocation) is not known or known.phase != "promised":
                    return
                target, chunk = known.target, self.news(known)[:CHUNK] if known.target and not known.freeze else []
            if chunk:
                message = {"relocation": relocation, "users": known.users, "chunk": chunk}
                message["source"] = {"host": host, "port": port}
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
        of = [{"user": key, "count": size(self.known(key).accepted)} for key in keys]
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

    def forget(self, given):
        """Of whom it gave away it remembers where they are."""
        for key in given.keys if given.committed and given.retired else []:
            one = self.known(key)
            if one.role == "relay" and one.epoch == given.receipt["epoch"]:
                one.context, one.accepted = EMPTY, []

    def entries(self, users, given=None):
        """The context of each, or where he is: before the decision, and (`given`) as it gave them away."""
        entries = []
        for user, one in self.users.items() if users == ALL else [(users, self.of(users))]:
            moves = one.role == "authority" if given is None else one.role != "authority" and one.epoch == given
            at = self.self if one.role == "authority" else one.to
            if moves:
                entries.append({"user": user, "epoch": one.epoch, **one.kept})
            elif at is not None:
                entries.append({"user": user, "epoch": one.epoch, "to": at})
        return entries

    def send(self, to, path, message, timeout=CALL):
        sent = time.monotonic()
        heard = tell(to, path, message, timeout)
        if heard[0] == 204:
            self.round_trip = time.monotonic() - sent
        return heard
