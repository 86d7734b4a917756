"""Starts an instance: its client endpoint, and the management endpoint that Ferry and other instances ask."""
import json
import os
import signal
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from contract.instance import Instance
from contract.management import Management, calls_of
from contract.serving import Clients
from contract.wire import Server, peer_at

ID, HOST = os.environ["INSTANCE_ID"], os.environ["HOST"]
PORT, MANAGEMENT_PORT = int(os.environ.get("PORT", 7000)), int(os.environ.get("MANAGEMENT_PORT", 7001))
FREEZE_LIMIT = int(os.environ.get("FREEZE_LIMIT_MS", 2000)) / 1000
instance = Instance(ID, HOST, PORT, MANAGEMENT_PORT, FREEZE_LIMIT, os.environ.get("DATA_DIR"))
Clients.instance = Management.instance = instance
Management.calls = calls_of(instance)


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
print(f"{ID} serves {peer_at(HOST, PORT)}", file=sys.stderr, flush=True)
if os.environ.get("PLATFORM_URL"):
    threading.Thread(target=register, args=(os.environ["PLATFORM_URL"],), daemon=True).start()
ended.wait()
time.sleep(0.2)  # what is being handled is answered
