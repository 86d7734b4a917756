"""This instance, and what it does for whoever comes: serves him, or says whom to relay to."""
import time
from copy import deepcopy
from dataclasses import replace

from contract.accepted import has, joined
from contract.giving import Giving
from contract.retirement import Retirement
from contract.state import ALL
from contract.takeover import TakeOver
from contract.taking import Taking
from contract.wire import Refused


class Instance(Giving, Taking, TakeOver, Retirement):
    def accept(self, user, number, written):
        """A write, within `serve`: what `written` makes of his context. One that was accepted before changes nothing."""
        standing = self.of(user)
        if has(standing.accepted, number):
            return
        context = written(deepcopy(standing.context))  # what is kept changes when it is written down, not before
        kept = {"context": context, "accepted": joined(standing.accepted, number)}
        self.journal.write([{"user": user, "epoch": standing.epoch, **kept}])
        one = self.list(user)
        one.context, one.accepted = kept["context"], kept["accepted"]

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
