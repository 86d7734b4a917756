"""In the place of a source that died: one instance takes its place, all others stop serving its users, or are spared."""
from dataclasses import replace

from contract.accepted import size
from contract.state import ALL, Relocation, State, is_context, overlap, stamp
from contract.wire import Refused


class TakeOver(State):
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
        body = {"users": len(served), "count": sum(size(self.known(key).accepted) for key in served)}
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
        taken = {user: copies.get(user) or self.known(user).kept for user in whose}
        self.journal.write([{**kept, "user": user, "epoch": epoch} for user, kept in taken.items()])
        for user, kept in taken.items():
            self.become_authority(user, epoch, kept)
        for one in elsewhere:
            standing = replace(self.known(one["user"]), role="relay", epoch=max(one["epoch"], epoch), to=one["to"])
            self.users[one["user"]] = standing
            self.peers.add(one["to"])
