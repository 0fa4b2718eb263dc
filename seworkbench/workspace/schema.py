"""The tables of a workspace file, and how older files become newer ones.

A file is known by its SQLite `application_id`; its `user_version` is the number of migrations it has seen. A new file
is made by the same migrations, so an old file brought up to date and a new one have the same tables to the letter. A
migration that was released is never edited: a new one is added.

Everything is public or a name the user gave; there is no column for a key (resources/help/workspace.md#no-secrets).
"""

from __future__ import annotations

# "SEWB"; at offset 68 of an SQLite file.
APPLICATION_ID = 0x53455742

_AUDIT_IS_APPEND_ONLY = "the audit trail only grows"

MIGRATIONS: tuple[str, ...] = (
    f"""
    CREATE TABLE trust_object (
        fingerprint TEXT PRIMARY KEY CHECK (length(fingerprint) = 64),
        kind TEXT NOT NULL,
        der BLOB NOT NULL,
        source TEXT NOT NULL,
        phkh TEXT CHECK (phkh IS NULL OR length(phkh) = 64),
        imported_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE crl_try (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        url TEXT NOT NULL,
        at TEXT NOT NULL,
        final_url TEXT NOT NULL,
        status INTEGER,
        size INTEGER NOT NULL,
        seconds REAL NOT NULL,
        answer TEXT NOT NULL,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX crl_try_url ON crl_try (url, number);
    CREATE TABLE cached_crl (
        url TEXT NOT NULL,
        position INTEGER NOT NULL,
        fetched_at TEXT NOT NULL,
        der BLOB NOT NULL,
        PRIMARY KEY (url, position)
    ) STRICT;
    CREATE TABLE machine (
        phkh TEXT PRIMARY KEY CHECK (length(phkh) = 64),
        name TEXT NOT NULL,
        notes TEXT NOT NULL,
        changed_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE verdict (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        title TEXT NOT NULL,
        verified_for TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        verdict TEXT NOT NULL,
        cause TEXT NOT NULL,
        inputs TEXT NOT NULL,
        checks TEXT NOT NULL
    ) STRICT;
    CREATE INDEX verdict_subject ON verdict (kind, subject, number);
    CREATE TABLE image (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL,
        event TEXT NOT NULL CHECK (event IN ('built', 'inspected')),
        at TEXT NOT NULL,
        size INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        header_tag TEXT NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX image_path ON image (path, number);
    CREATE TABLE attestation_case (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        created_at TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        state TEXT NOT NULL
    ) STRICT;
    CREATE TABLE case_file (
        case_id INTEGER NOT NULL REFERENCES attestation_case (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('header', 'request', 'response')),
        content BLOB NOT NULL,
        PRIMARY KEY (case_id, kind)
    ) STRICT;
    CREATE TABLE seen_request (
        sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
        first_at TEXT NOT NULL,
        last_at TEXT NOT NULL,
        times INTEGER NOT NULL CHECK (times > 0)
    ) STRICT;
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        what TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        digest TEXT NOT NULL CHECK (length(digest) = 64)
    ) STRICT;
    CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
        BEGIN SELECT RAISE (ABORT, '{_AUDIT_IS_APPEND_ONLY}'); END;
    CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
        BEGIN SELECT RAISE (ABORT, '{_AUDIT_IS_APPEND_ONLY}'); END;
    """,
)


def statements(migration: str) -> list[str]:
    """The statements of a migration, to run one by one inside a transaction."""
    found: list[str] = []
    rest = migration
    for piece in rest.split(";\n"):
        # A trigger holds a statement of its own; its END closes it.
        if found and found[-1].lstrip().startswith("CREATE TRIGGER") and not found[-1].rstrip().endswith("END"):
            found[-1] += f";\n{piece}"
        elif piece.strip():
            found.append(piece)
    return found
