"""The errors a user can cause: one small family, each saying what happened, where, and what to do.

    SeError            anything the user can meet and mend
     +- FormatError    bytes that are not what they claim to be (the only error a parser raises)
     +- UsageError     options or arguments that do not go together
     +- CheckFailed    something was verified and is not what it should be, so the work was not done
     +- Cancelled      the user stopped a job; nothing was left behind

No message carries secret bytes: values that may be secret travel as `seworkbench.secret.Secret`, whose
text form shows only the length.

Any other exception is a defect of the program (seworkbench.defects).
"""

from __future__ import annotations


class SeError(Exception):
    """Something a user can understand and mend.

    Args:
        what: one sentence, what happened.
        where: the file, field or option concerned; empty if the sentence already says it.
        remedy: one sentence, what to do about it; empty if nothing can be advised.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        """The whole message on one line: `where: what remedy`."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head} {self.remedy}" if self.remedy else head

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel between processes and are copied, whatever their constructors take."""
        return _restore, (type(self), self.args, self.__dict__)

    def located(self, where: str) -> SeError:
        """The same error with its place filled in, if it had none; for callers that know the file's name."""
        if not self.where:
            self.where = where
        return self


def _restore(kind: type[SeError], args: tuple[object, ...], state: dict[str, object]) -> SeError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class FormatError(SeError):
    """Bytes that do not form what they were read as.

    Args:
        what: one sentence, what is wrong.
        offset: byte offset of the first offending byte in what was parsed, if one can be named.
        where: see SeError.
        remedy: see SeError.
    """

    def __init__(self, what: str, *, offset: int | None = None, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.offset = offset


class UsageError(SeError):
    """Options or arguments that do not go together; exit status 2 on the command line."""


class CheckFailed(SeError):  # noqa: N818 - the program did its work: the answer is no
    """Something was verified and failed; exit status 3 on the command line."""


class Cancelled(SeError):  # noqa: N818 - it is a request carried out, not a fault
    """The user cancelled a job."""

    def __init__(self) -> None:
        super().__init__("Cancelled.", remedy="Nothing was written.")
