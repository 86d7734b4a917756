"""The client endpoint: a user who is served here is answered here, any other is relayed to where he is served."""
import json
import re
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from clients import asked
from contract.wire import Handler, Refused, endpoint

MOST_HOPS, RELAY = 2, 5


class Clients(Handler):
    def answer(self):
        self.told.append(("Ferry-Instance", self.instance.id))
        path = urlsplit(self.path).path
        if path == "/" and self.command == "GET":
            return self.json({"instance": self.instance.id})
        body = self.body(1 << 16)
        user, act = asked(self.command, path, body, self.instance)
        hops = int(self.headers.get("Ferry-Relayed") or 0)
        known = re.fullmatch(r"(\d+)(; all)?", self.headers.get("Ferry-Epoch") or "")
        said, standing = self.instance.serve(user, hops, known and (int(known[1]), bool(known[2])), act)
        if said is None:
            return self.relay(user, path, body, hops, standing)
        if hops > 0:
            self.told.append(("Ferry-Served-By", f"{self.instance.self} {standing.epoch}"))
        self.json(said)

    def relay(self, user, path, body, hops, standing):
        if hops >= MOST_HOPS:  # those before learn a shorter way
            self.told.append(("Ferry-Served-By", f"{standing.to} {standing.epoch}"))
            raise Refused("TooManyHops")
        self.told.append(("Connection", "close"))  # so that it looks for the new path
        self.close_connection = True
        everybody = "" if user in self.instance.users else "; all"
        headers = {"Ferry-Relayed": str(hops + 1), "Ferry-Epoch": f"{standing.epoch}{everybody}"}
        connection = HTTPConnection(endpoint(standing.to)[0], self.instance.port, timeout=RELAY)
        try:
            text = json.dumps(body) if self.command == "POST" else None
            connection.request(self.command, path, text, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            passed = answer.read()
        except (OSError, HTTPException):
            raise Refused("AuthorityUnreachable") from None
        finally:
            connection.close()
        served_by = answer.getheader("Ferry-Served-By")
        if served_by:
            with self.instance.lock:
                if user in self.instance.users:
                    self.instance.learn(user, int(served_by.split(" ")[1]), served_by.split(" ")[0])
            if hops > 0:
                self.told.append(("Ferry-Served-By", served_by))
        self.send(answer.status, passed, answer.getheader("Content-Type") or "application/json")
