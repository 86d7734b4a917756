"""Asks and answers HTTP: JSON and problem documents, one thread for each connection."""
import hmac
import json
import os
import socket
import sys
import traceback
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALL = 2
STATUS = {"NoAuthority": 503, "TooManyHops": 503, "AuthorityUnreachable": 503, "TargetSilent": 504}


# Ferry and other instances show it: whoever reaches the management endpoint could take users away
TOKEN = os.environ.get("MANAGEMENT_TOKEN", "")
PROOF = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}


class Refused(Exception):
    """Says no, by the name that the contract has for it."""

    def __init__(self, type, relocation=None):
        super().__init__(type)
        self.type, self.relocation = type, relocation


class Malformed(Exception):
    def __init__(self, detail, status=400):
        super().__init__(detail)
        self.status = status


def peer_at(host, port):
    """An instance as a URI has it: an address of IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def endpoint(peer):
    host, port = peer.rsplit(":", 1)
    return host.strip("[]"), int(port)


def tell(peer, path, message, timeout=CALL):
    """Status 0: it said nothing; the last is true where nothing listens there any more."""
    host, port = endpoint(peer)
    connection = HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("POST", path, json.dumps(message), {"Content-Type": "application/json", **PROOF})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] == b"{" else {}, False
    except (OSError, ValueError, HTTPException) as error:
        return 0, {}, isinstance(error, ConnectionRefusedError)
    finally:
        connection.close()


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

    def demand_token(self):
        shown = self.headers.get("Authorization") or ""
        if TOKEN and not hmac.compare_digest(shown.encode(), f"Bearer {TOKEN}".encode()):
            self.close_connection = True
            raise Malformed("who calls has to show the token", 401)

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


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, handler):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def handle_error(self, *_):
        if not isinstance(sys.exc_info()[1], OSError):  # whoever asked has gone
            traceback.print_exc()
