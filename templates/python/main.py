"""Starts an instance: its client endpoint, and the management endpoint that Ferry and other instances ask."""
import json
import os
import re
import signal
import sys
import threading
import time
import traceback
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from clients import asked
from contract import Instance, Malformed, Refused

ID, HOST = os.environ["INSTANCE_ID"], os.environ["HOST"]
PORT, MANAGEMENT_PORT = int(os.environ.get("PORT", 7000)), int(os.environ.get("MANAGEMENT_PORT", 7001))
FREEZE_LIMIT = int(os.environ.get("FREEZE_LIMIT_MS", 2000)) / 1000
instance = Instance(ID, HOST, PORT, MANAGEMENT_PORT, FREEZE_LIMIT, os.environ.get("DATA_DIR"))
MOST_HOPS, RELAY = 2, 5
STATUS = {"NoAuthority": 503, "TooManyHops": 503, "AuthorityUnreachable": 503, "TargetSilent": 504}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75  # longer than clients keep a connection idle

    def handle_one(self):
        self.told = []
        try:
            self.answer()
        except Refused as error:
            named = {"relocation": error.relocation} if error.relocation else {}
            self.problem(STATUS.get(error.type, 409), {"type": error.type, "title": error.type, **named})
        except Malformed as error:
            self.problem(error.status, {"type": "about:blank", "detail": str(error)})
        except OSError:
            raise
        except Exception:
            traceback.print_exc()
            self.problem(500, {"type": "about:blank", "detail": "an error of ours"})

    do_GET = do_POST = handle_one

    def body(self, most):
        length = int(self.headers.get("Content-Length") or 0)
        if length > most:
            self.close_connection = True
            raise Malformed("too large", 413)
        try:
            value = json.loads(self.rfile.read(length)) if self.command == "POST" else {}
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Malformed("no JSON object")
        return value

    def problem(self, status, members):
        self.send(status, json.dumps({"status": status, **members}).encode(), "application/problem+json")

    def json(self, value):
        self.send(204 if value is None else 200, b"" if value is None else json.dumps(value).encode())

    def send(self, status, body, type="application/json"):
        self.send_response(status)
        for name, value in self.told:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass  # errors are told; requests are not


class Clients(Handler):
    def answer(self):
        self.told.append(("Ferry-Instance", ID))
        path = urlsplit(self.path).path
        if path == "/" and self.command == "GET":
            return self.json({"instance": ID})
        body = self.body(1 << 16)
        user, act = asked(self.command, path, body, instance)
        hops = int(self.headers.get("Ferry-Relayed") or 0)
        known = re.fullmatch(r"(\d+)(; all)?", self.headers.get("Ferry-Epoch") or "")
        said, standing = instance.serve(user, hops, known and (int(known[1]), bool(known[2])), act)
        if said is None:
            return self.relay(user, path, body, hops, standing)
        if hops > 0:
            self.told.append(("Ferry-Served-By", f"{instance.self} {standing.epoch}"))
        self.json(said)

    def relay(self, user, path, body, hops, standing):
        if hops >= MOST_HOPS:  # those before learn a shorter way
            self.told.append(("Ferry-Served-By", f"{standing.to} {standing.epoch}"))
            raise Refused("TooManyHops")
        self.told.append(("Connection", "close"))  # so that it looks for the new path
        self.close_connection = True
        everybody = "" if user in instance.users else "; all"
        headers = {"Ferry-Relayed": str(hops + 1), "Ferry-Epoch": f"{standing.epoch}{everybody}"}
        connection = HTTPConnection(standing.to.rsplit(":", 1)[0], PORT, timeout=RELAY)
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
            with instance.lock:
                if user in instance.users:
                    instance.learn(user, int(served_by.split(" ")[1]), served_by.split(" ")[0])
            if hops > 0:
                self.told.append(("Ferry-Served-By", served_by))
        self.send(answer.status, passed, answer.getheader("Content-Type") or "application/json")


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
        return f"{at['host']}:{at['port']}"
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


CALLS = {
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
    "POST /provider/found": lambda b: instance.found(list(b.get("users") or {})),
    "GET /provider/state": lambda _: instance.everything(),
}


class Management(Handler):
    def answer(self):
        url, body = urlsplit(self.path), self.body(1 << 26)
        call = CALLS.get(f"{self.command} {url.path}")
        if f"{self.command} {url.path}" == "GET /relocation/v1/state":
            users = parse_qs(url.query).get("users", ["*"])[0]
            call = lambda _: instance.state(users)
        if call is None:
            raise Malformed("no such resource", 404)
        with instance.lock:
            said = call(body)
        self.json(said)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        if not isinstance(sys.exc_info()[1], OSError):  # whoever asked has gone
            traceback.print_exc()


def register(url):
    """Tells the platform that it is up (MEC 011), and that its users may be moved (MEC 021)."""
    at = urlsplit(url)
    registration = {"serviceConsumerId": {"appInstanceId": ID}, "deviceInformation": []}
    for path, message in [(f"/mec_app_support/v1/applications/{ID}/confirm_ready", {"indication": "READY"}),
                          ("/amsi/v1/app_mobility_services", registration)]:
        for _ in range(10):
            connection = HTTPConnection(at.hostname, at.port or 80, timeout=2)
            try:
                connection.request("POST", path, json.dumps(message), {"Content-Type": "application/json"})
                if connection.getresponse().status < 300:
                    break
            except (OSError, HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(0.3)


ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
for server in (Server((HOST, MANAGEMENT_PORT), Management), Server((HOST, PORT), Clients)):
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"{ID} serves {HOST}:{PORT}", file=sys.stderr, flush=True)
if os.environ.get("PLATFORM_URL"):
    threading.Thread(target=register, args=(os.environ["PLATFORM_URL"],), daemon=True).start()
ended.wait()
time.sleep(0.2)  # what is being handled is answered
