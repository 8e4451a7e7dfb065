"""What can go wrong with people and their sessions."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class NotAuthenticatedError(EdgeError):
    """The request carries no proof of who asks, or one that is no longer good."""

    code: ClassVar[str] = "not_authenticated"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class SessionEndedError(EdgeError):
    """The session cannot be renewed: it was ended, ran out, or its token was used twice. Log in again."""

    code: ClassVar[str] = "session_ended"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class WrongCredentialsError(EdgeError):
    """User name and password do not belong together; which of them is wrong is not said."""

    code: ClassVar[str] = "wrong_credentials"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class WrongPasswordError(EdgeError):
    """The present password, asked for again, is not this one."""

    code: ClassVar[str] = "wrong_password"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class LoginThrottledError(EdgeError):
    """Too many wrong passwords; ``retry_after_s`` says when to try again."""

    code: ClassVar[str] = "login_throttled"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY


class LoginBusyError(EdgeError):
    """Too many passwords are being checked at this moment; nothing is wrong with this one."""

    code: ClassVar[str] = "login_busy"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class NotPermittedError(EdgeError):
    """The person is known and may not do this."""

    code: ClassVar[str] = "not_permitted"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class PasswordChangeRequiredError(EdgeError):
    """The password is a provisional one: nothing is done with it but changing it."""

    code: ClassVar[str] = "password_change_required"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class UnknownUserError(EdgeError):
    """No user with that id that the asker may see."""

    code: ClassVar[str] = "unknown_user"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class UnknownTenantError(EdgeError):
    """No tenant with that id that the asker may see."""

    code: ClassVar[str] = "unknown_tenant"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class UsernameTakenError(EdgeError):
    """Another user has this login name (capitals do not count)."""

    code: ClassVar[str] = "username_taken"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class TenantExistsError(EdgeError):
    """A tenant with this id exists; ids are never reused."""

    code: ClassVar[str] = "tenant_exists"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class LastAdminError(EdgeError):
    """The change would leave the site without an enabled administrator of every tenant."""

    code: ClassVar[str] = "last_admin"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class WeakPasswordError(EdgeError):
    """The new password breaks a rule; the message says which."""

    code: ClassVar[str] = "weak_password"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
