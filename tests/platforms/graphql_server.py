"""A local server of GraphQL, on which faults strike one operation."""

from __future__ import annotations

from collections import deque
from typing import Any

from tests.platforms.local_server import App, Fault, LocalServer, Request


class GraphqlServer(LocalServer):
    """Serves ``app``; every request is an operation with a name."""

    def __init__(self, app: App, **options: Any) -> None:
        self._struck: deque[tuple[str, Fault]] = deque()
        super().__init__(app, **options)

    def strike(self, operation: str, *faults: Fault) -> None:
        """Each of the next requests for this operation goes wrong in one of these ways; those of other operations in between do not."""
        self._struck.extend((operation, fault) for fault in faults)

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """The variables of every request for this operation."""
        return [request.body["variables"] for request in self.requests if operation_of(request) == operation]

    def _fault(self, request: Request) -> Fault | None:
        if self._struck and self._struck[0][0] == operation_of(request):
            return self._struck.popleft()[1]
        return super()._fault(request)


def operation_of(request: Request) -> str:
    """Name of what a request asks for, as in ``query Orders(…)``."""
    words = request.body["query"].replace("(", " ").replace("{", " ").split()
    name: str = words[1]
    return name
