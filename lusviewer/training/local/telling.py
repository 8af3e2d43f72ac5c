"""How a training in a process of its own speaks: JSON lines and an exit status."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING, Any

from lusviewer.cancel import Cancelled
from lusviewer.errors import LusViewerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lusviewer.training.local.control import Control


def tell(events: Iterable[Mapping[str, Any]], control: Control) -> int:
    """Print ``events`` as they come, one a line; return the exit status.

    0 where all went well, 1 where an event or ``LusViewerError`` says what is wrong,
    130 where it was cancelled. An interrupt or a request to end raises the flag
    ``cancel``.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: control.cancel.cancel())
    failed = False
    try:
        for event in events:
            print(json.dumps(event), flush=True)
            if event["event"] == "error":
                failed = True
                print(event["message"], event["hint"], file=sys.stderr)
    except Cancelled:
        print(json.dumps({"event": "stopped"}), flush=True)
        return 130
    except LusViewerError as error:
        told = {"event": "error", "message": error.message, "hint": error.hint}
        print(json.dumps(told), flush=True)
        print(error, file=sys.stderr)
        return 1
    return int(failed)
