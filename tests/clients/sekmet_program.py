"""sekmet-fhir as a hospital that refers: its own FHIR server, and its own client and messenger towards paingate.

A request a line over standard input, an answer a line; the settings of sekmet are the first argument, as JSON.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from typing import Any

import uvicorn
from sekmet.client.peer import PeerClient, PeerError
from sekmet.config import Settings, set_settings
from sekmet.context import AppContext
from sekmet.main import create_app

PEER = "paingate"
REFERRAL = "I12"


def main() -> None:
    settings = Settings.model_validate_json(sys.argv[1])
    set_settings(settings)
    answers, sys.stdout = sys.stdout, sys.stderr  # what sekmet itself prints is no answer
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, host=settings.host, port=settings.port, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    context: AppContext = app.state.ctx
    for line in sys.stdin:
        told = json.loads(line)
        try:
            answer = {"value": does(context, told)}
        except PeerError as refused:
            status = refused.response.status if refused.response else 0
            answer = {"status": status, "value": str(refused)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def does(context: AppContext, told: dict[str, Any]) -> Any:
    client = context.peer_client(PEER)
    match told.pop("what"):
        case "hold":
            resource = told["resource"]
            context.service.update(resource["resourceType"], resource["id"], resource, origin="internal")
            return None
        case "held":
            return context.store.read(*told["name"].split("/"))
        case "message":
            focus, *related = [context.store.read(*name.split("/")) for name in told["names"]]
            return context.messenger.send(client, REFERRAL, [focus], related)
        case how:
            return asked(client, how, **told)


def asked(client: PeerClient, how: str, **told: Any) -> Any:
    """What sekmet's client is asked for at paingate."""
    match how:
        case "transaction":
            return client.transaction(told["body"]).raise_for_status().resource
        case "process_message":
            return client.process_message(told["body"]).raise_for_status().resource
        case "create":
            response = client.create(told["body"]).raise_for_status()
            return client.fetch_resource(response, told["body"]["resourceType"])
        case "update":
            return client.update(told["body"], told["tag"]).raise_for_status().resource
        case "read":
            return client.read(*told["name"].split("/")).raise_for_status().resource
        case "search":
            return client.search_all(told["type"], told["parameters"], max_pages=100)
        case "history":
            return client.history(*told["name"].split("/")).raise_for_status().entries()
        case _:
            raise ValueError(how)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
