"""This instance, and what it does for whoever comes: serves him, or says whom to relay to."""
import time
from dataclasses import replace

from contract.giving import Giving
from contract.retirement import Retirement
from contract.state import ALL
from contract.takeover import TakeOver
from contract.taking import Taking
from contract.wire import Refused


class Instance(Giving, Taking, TakeOver, Retirement):
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
