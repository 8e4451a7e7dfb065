"""What an endpoint is: declared once, served, described and tested from the same words."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gtvision_edge.accounts import NotAuthenticatedError, Principal, Role, Session
from gtvision_edge.errors import EdgeError, InvalidInputError

PREFIX: Final = "/api/v1"

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

PUBLIC: Final = "public"
"""Needs no login."""
EVERYONE: Final = frozenset(Role)
"""Anyone who is logged in."""
ADMINS: Final = frozenset({Role.ADMIN})
EDITORS: Final = frozenset({Role.ADMIN, Role.OPERATOR})
WATCHERS: Final = frozenset({Role.ADMIN, Role.OPERATOR, Role.VIEWER})
INSPECTORS: Final = frozenset({Role.ADMIN, Role.AUDITOR})
CARETAKERS: Final = frozenset({Role.ADMIN, Role.OPERATOR, Role.AUDITOR})
"""Who look after what is kept: all but those who only watch."""

Access = Literal["public"] | frozenset[Role]
Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]


class Body(BaseModel):
    """What a client sends as JSON: unknown fields are refused, texts are not taken for numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Query(BaseModel):
    """What a client sends after the question mark; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PageQuery(Query):
    """Which page of a list."""

    cursor: Annotated[str, Field(max_length=200)] | None = None
    """``next`` of the page before; absent = the first page."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """At most so many items."""

    def number(self) -> int | None:
        """Return the number that ``cursor`` is, None = the first page.

        Raises:
            InvalidInputError: it is no number of ours.

        """
        cursor = self.cursor
        if cursor is None:
            return None
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
            fault = {"path": "cursor", "message": "is none of ours"}
            raise InvalidInputError("The query is not right.", faults=[fault])
        return int(cursor)


class Answer(BaseModel):
    """What we send as JSON."""

    model_config = ConfigDict(frozen=True)


class Listing(Answer, Generic[T]):
    """A page of a list; ``next`` is the cursor of the following one, null = there is none."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to set; ``max_age_s`` 0 takes it away. HttpOnly and SameSite=Strict always."""

    name: str
    value: str
    max_age_s: int
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with more than a body."""

    content: BaseModel | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[Cookie] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A request after everything that can be checked of it without knowing the resource was checked."""

    request: web.Request
    address: str
    session: Session | None = None
    body: BaseModel | None = None
    query: BaseModel | None = None

    @property
    def principal(self) -> Principal:
        """Who asks; only for endpoints that are not public.

        Raises:
            NotAuthenticatedError: nobody is logged in.

        """
        if self.session is None:
            raise NotAuthenticatedError("Log in first.")
        return self.session.principal

    def path(self, name: str) -> str:
        return self.request.match_info[name]

    def body_as(self, kind: type[M]) -> M:
        assert isinstance(self.body, kind)  # noqa: S101 -- the server parsed it as the endpoint says
        return self.body

    def query_as(self, kind: type[M]) -> M:
        assert isinstance(self.query, kind)  # noqa: S101 -- likewise
        return self.query


Handler = Callable[[Call], Awaitable[BaseModel | Reply | web.StreamResponse | None]]
Guest = Callable[[web.Request], Awaitable[Session | None]]
"""Finds the session of who comes without cookie or bearer token, as players do; None = this is not one of them."""
LookUp = Callable[[Principal, str], Awaitable[object]]
"""Finds a thing by its id for a person; raises the error of an unknown one where that person may not see it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path below the prefix.

    *ids* tells for each ``{name}`` in *path* which error a malformed one is: the same as an unknown one.
    *look_up* is asked before somebody is told that their role may not do this: what is not theirs does not exist for them.
    *guest* is asked first who sends a request; where it knows nobody, token and cookie count.
    *with_provisional_password*: it may be called before a password that somebody else gave out was changed.
    *accepts* are the media types of a body that *handler* reads itself (:func:`read_capped`), in place of *body*.
    *accepted* is the JSON schema of a body of *accepts* that is JSON; *headers* are those it may come with, each with what it is.
    *response* is a model, or a media type for what is no JSON, or None for an empty answer.
    *is_busy*: machines call it hundreds of times a second, so it is served by the short way; its path names no ids.
    *errors* are those of the resource itself; the ones every endpoint can give are added by the description.
    """

    method: Method
    path: str
    handler: Handler
    summary: str
    tag: str
    access: Access
    body: type[Body] | None = None
    query: type[Query] | None = None
    accepts: tuple[str, ...] = ()
    response: type[BaseModel] | str | None = None
    status: int = 200
    errors: tuple[type[EdgeError], ...] = ()
    ids: Mapping[str, type[EdgeError]] = field(default_factory=dict)
    look_up: LookUp | None = None
    guest: Guest | None = None
    with_provisional_password: bool = False
    description: str = ""
    accepted: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    is_busy: bool = False
    prefix: str = PREFIX

    @property
    def full_path(self) -> str:
        return self.prefix + self.path
