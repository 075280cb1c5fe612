"""What stands around every request: its id, the page of a refusal, the page for a database that is away."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from koshiki import disk, errors
from koshiki.guideline import Refused

Handler = Callable[[HttpRequest], HttpResponse]

request_id: ContextVar[str] = ContextVar("request id", default="-")
log = logging.getLogger(__name__)


class RequestIdFilter(logging.Filter):
    """Puts `request_id` into every log line; `-` outside requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class RequestId:
    """An id of our own making for each request: in the log, in X-Request-Id, on the page of an error."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = secrets.token_hex(6)  # type: ignore[attr-defined]
        token = request_id.set(request.id)  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response


class DatabaseAway:
    """A view that finds the database away answers 503; what fails outside views ends in `server_error`."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return errors.unavailable(request, exception) if isinstance(exception, errors.AWAY) or disk.is_full(exception) else None


class RefusedPage:
    """Refused becomes a page (409), and is logged with its clause."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        log.info("Refused by %s at %s", exception.clause.id, request.path)
        return errors.refused(request, exception)
