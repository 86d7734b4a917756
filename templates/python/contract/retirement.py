"""May this instance be taken away? Only when nobody needs it, and whoever could relay to it knows where its users are."""
import threading
import time

from contract.state import ALL, State
from contract.wire import tell

FAREWELL, TELL, RETRY = 2, 0.8, 0.2


class Retirement(State):
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
