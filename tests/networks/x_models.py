"""What X itself publishes about its API, in its own package: requests and answers are held to it, nothing may be extra."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from xdk import schemas
from xdk.media.client import MediaClient
from xdk.posts.client import PostsClient
from xdk.users.client import UsersClient

PROBLEM: TypeAdapter[Any] = TypeAdapter(schemas.Problem)

QUERIES: dict[str, Callable[..., Any]] = {
    "me": UsersClient.get_me,
    "search_users": UsersClient.search,
    "own_posts": UsersClient.get_posts,
    "search_posts": PostsClient.search_recent,
    "one_post": PostsClient.get_by_id,
    "upload_state": MediaClient.get_upload_status,
}
"""The client's method for each GET of the stand-in."""

BODIES: dict[str, type[BaseModel]] = {
    "publish": schemas.CreatePostsRequest,
    "hide": schemas.HidePostsReplyRequest,
    "upload": schemas.MediaUploadRequest,
    "upload_begin": schemas.InitializeMediaUploadRequest,
    "upload_part": schemas.AppendMediaUploadRequest,
    "describe": schemas.CreateMediaMetadataRequest,
}

ANSWERS: dict[str, type[BaseModel]] = {
    "me": schemas.GetUsersMeResponse,
    "search_users": schemas.SearchUsersResponse,
    "own_posts": schemas.GetUsersPostsResponse,
    "search_posts": schemas.SearchPostsRecentResponse,
    "one_post": schemas.GetPostsByIdResponse,
    "publish": schemas.CreatePostsResponse,
    "delete": schemas.DeletePostsResponse,
    "hide": schemas.HidePostsReplyResponse,
    "upload": schemas.MediaUploadResponse,
    "upload_begin": schemas.InitializeMediaUploadResponse,
    "upload_part": schemas.AppendMediaUploadResponse,
    "upload_end": schemas.FinalizeMediaUploadResponse,
    "upload_state": schemas.GetMediaUploadStatusResponse,
    "describe": schemas.CreateMediaMetadataResponse,
}


def query_faults(what: str, query: Mapping[str, str]) -> Iterator[str]:
    """What in a query X does not know: it would leave it out of the answer without a word."""
    known = inspect.signature(QUERIES[what]).parameters
    for name, value in query.items():
        parameter = known.get(re.sub(r"\.fields$", "_fields", name))
        if parameter is None:
            yield f"{what}: no parameter {name}"
        elif choices := re.findall(r"""['"]([^'"]+)['"]""", str(parameter.annotation)):
            yield from (f"{what}: {name} has no {one}" for one in value.split(",") if one not in choices)
    yield from (f"{what}: {name} is missing" for name, p in known.items()
                if p.default is p.empty and name not in ("self", "id") and name not in query)


def body_faults(what: str, body: Any) -> Iterator[str]:
    """What in a body is not as X describes it."""
    return _faults(what, BODIES[what], body)


def answer_faults(what: str, data: Mapping[str, Any]) -> Iterator[str]:
    """What in an answer is not as X describes it: the stand-in's own mistakes."""
    yield from _faults(what, ANSWERS[what], data)
    for problem in data.get("errors", ()):
        PROBLEM.validate_python(problem)


def _faults(what: str, model: type[BaseModel], data: Any) -> Iterator[str]:
    try:
        yield from (f"{what}: no field {name}" for name in _extra(model.model_validate(data, strict=True)))
    except ValidationError as wrong:
        yield f"{what}: {wrong}"


def _extra(model: BaseModel) -> Iterator[str]:
    yield from model.model_extra or ()
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                yield from (f"{name}.{extra}" for extra in _extra(one))
