"""What may go wrong with sessions, and what is done about it: the rows of docs/security.md."""

from typing import NamedTuple

__all__ = ["THREATS", "Threat"]


class Threat(NamedTuple):
    """One case.  The tests whose docstrings name its number show it."""

    number: int
    part: str
    what: str
    answer: str
    elsewhere: str = ""
    """Where it is shown if not by a test: a link."""


_STORE = "The store"
_COOKIE = "The cookie"
_REQUESTS = "Requests"
_TOOLS = "Command line and console"
_MACHINE = "SQLite and the machine"

_TO_COME = "Neither exists yet."

THREATS = (
    Threat(
        1,
        _STORE,
        "Ids that are empty, too long, no text, or hold NUL or SQL",
        "Refused with an error where they are no ids; SQL and wildcards are only data.",
    ),
    Threat(
        2,
        _STORE,
        "A table's name or a prefix that breaks out of its statement",
        "A name that is no plain identifier is refused; a prefix is only data.",
    ),
    Threat(
        3,
        _STORE,
        "A new session lands on the id of one that lives",
        "`create` raises `SessionExists`, and the other session is as it was.",
    ),
    Threat(
        4,
        _STORE,
        "A save that ends after the logout brings the session back",
        "It stays dead: requests save by `merge` and `rotate`, which change only what lives.",
    ),
    Threat(
        5,
        _STORE,
        "Strangers fill the table with empty sessions",
        "A visitor who did nothing costs no row and gets no cookie.",
    ),
    Threat(
        6,
        _STORE,
        "Values that JSON has not, or too much of them",
        "Refused, naming the key and never the value; the old row stays.",
    ),
    Threat(7, _STORE, "Pickled data run code", "Nothing is ever pickled or unpickled."),
    Threat(
        8,
        _STORE,
        "A stolen copy of the file is used to sign in",
        "A hashed or sealed store keeps no id that could be a cookie.",
    ),
    Threat(
        9,
        _STORE,
        "Sealed data are swapped, cut, spoilt or replaced by plain text",
        "The session is absent, counted and logged; plain text is never accepted.",
    ),
    Threat(
        10,
        _STORE,
        "A key has to be replaced",
        "Several keys read and the first writes; what only a withdrawn key opens is absent.",
    ),
    Threat(11, _STORE, "One row cannot be read", "It is absent, and hides and breaks no other."),
    Threat(
        12,
        _STORE,
        "The clock is set back or forward",
        "Nothing fails, and no ended session comes back through `touch`.",
    ),
    Threat(
        13,
        _COOKIE,
        "Garbage, forgeries and floods in the `Cookie` header",
        "No session, no look into the store, no error 500.",
    ),
    Threat(
        14,
        _COOKIE,
        "A signature is guessed by timing, or an id by counting",
        "Compared in constant time; ids are 256 random bits.",
    ),
    Threat(
        15,
        _COOKIE,
        "`__Host-`, `__Secure-` and `SameSite=None` without what browsers tie to them",
        "Refused when the application is built.",
    ),
    Threat(
        16,
        _COOKIE,
        "A header made to be slow to parse, or with control characters",
        "Linear time, a few candidates at most, and nothing of it goes out again.",
    ),
    Threat(
        17,
        _COOKIE,
        "A name, path or domain that breaks the header",
        "Refused when the application is built.",
    ),
    Threat(
        18,
        _REQUESTS,
        "Fixation: an id that the attacker made up",
        "Never adopted, though it be well signed.",
    ),
    Threat(
        19,
        _REQUESTS,
        "Fixation: an id from before the sign-in",
        "Sign-in, switch and sign-out give a new id and end the old one in one transaction.",
    ),
    Threat(
        20, _REQUESTS, "One visitor sees another's session", "Never, however requests interleave."
    ),
    Threat(
        21,
        _REQUESTS,
        "A cache hands one visitor's page to another",
        "`Vary: Cookie` on any access; personal pages and those that set the cookie are kept out of shared caches.",
    ),
    Threat(22, _REQUESTS, "A flood of requests without a cookie", "Writes nothing."),
    Threat(
        23,
        _REQUESTS,
        "Two parallel requests change one session",
        "Both changes stay, per top-level key; of one key the later.",
    ),
    Threat(
        24,
        _REQUESTS,
        "A slow request meets a logout or a rotation",
        "It cannot revive the session, and follows a rotation or is lost.",
    ),
    Threat(
        25,
        _REQUESTS,
        "Two applications share a file",
        "Neither sees or clears the other's, by prefix or table.",
    ),
    Threat(
        26,
        _REQUESTS,
        "The store is down, locked or full",
        "503, or an exception if chosen: never a stranger's page for who is signed in, never a logout that only seems to work.",
    ),
    Threat(
        27,
        _REQUESTS,
        "Exceptions, disconnects, streams, `HEAD`, `304`, redirects, refused sockets",
        "Each has a stated result.",
    ),
    Threat(
        28,
        _REQUESTS,
        "A session that is used for ever, or left open",
        "Idle and absolute timeouts hold on the server.",
    ),
    Threat(
        29,
        _REQUESTS,
        "An open WebSocket outlives its session",
        "Closed within a second with code 4401, whoever ended it.",
    ),
    Threat(30, _TOOLS, "Ids in arguments, histories and process lists", _TO_COME),
    Threat(
        31,
        _TOOLS,
        "Control sequences in stored text",
        "The self-check prints them as text. Command line and console do not exist yet.",
    ),
    Threat(32, _TOOLS, "Backups that others read, or that overwrite", _TO_COME),
    Threat(33, _TOOLS, "A console that others reach", _TO_COME),
    Threat(
        34,
        _MACHINE,
        "No database, another's table, a schema from the future",
        "Refused; the file stays as it is, byte for byte.",
    ),
    Threat(
        35,
        _MACHINE,
        "A flipped page, a cut log, a hot journal",
        "A typed error or a consistent prefix: never wrong data.",
    ),
    Threat(
        36,
        _MACHINE,
        "The disk is full or fails, at any call",
        "The operation happened, or did not and says so; the store works again when the fault is gone.",
    ),
    Threat(
        37,
        _MACHINE,
        "The power goes at any moment",
        "What `create`, `rotate`, `destroy`, `destroy_where` and `clear` acknowledged is there.",
    ),
    Threat(38, _MACHINE, "Processes are killed while they write", "No acknowledged write is lost."),
    Threat(
        39,
        _MACHINE,
        "Another process holds the lock",
        "A bounded wait, then `StoreBusy`; reads go on.",
    ),
    Threat(
        40,
        _MACHINE,
        "The file is deleted or replaced under a running store",
        "Noticed, said, and not written to.",
    ),
    Threat(
        41,
        _MACHINE,
        "The process forks after it used the store",
        "Parent and child both go on, and lose nothing.",
    ),
    Threat(42, _MACHINE, "A trigger or view planted in the file", "Runs nothing."),
    Threat(
        43,
        _MACHINE,
        "Links, odd names, missing or read-only folders",
        "Work, or are refused with the reason; what is made is its user's alone.",
    ),
    Threat(
        44,
        _MACHINE,
        "Closing while 64 threads work",
        "Every call ends in its result or in `StoreClosed`.",
    ),
    Threat(
        45,
        _MACHINE,
        "A task is cancelled while it waits for a write",
        "No worker is lost, no lock kept, nothing half written.",
    ),
    Threat(
        46,
        _MACHINE,
        "Sequences of calls that nobody thought of",
        "Random ones do as a plain dict does.",
    ),
    Threat(
        47,
        _MACHINE,
        "A second SQLite library opens the same file",
        "Noticed at open where the system lets one look, and refused with the reason.",
    ),
    Threat(
        48,
        _MACHINE,
        "The Node package's SQLite has the WAL-reset bug",
        "Said, with how the risk is kept small.",
        "[sharing](sharing.md)",
    ),
)
