"""How a library's file came to be as it is: numbered steps that are never edited.

A change of layout is a new step at the end. ``tables`` describes what all steps
together make, and a test holds the two equal.
"""

from __future__ import annotations

from typing import Final

_FIRST: Final = (
    """
    CREATE TABLE patients (
        id INTEGER PRIMARY KEY,
        pseudonym TEXT NOT NULL UNIQUE,
        given BOOLEAN NOT NULL,
        created_utc TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE exams (
        id INTEGER PRIMARY KEY,
        patient_id INTEGER NOT NULL REFERENCES patients (id),
        name TEXT NOT NULL,
        facts TEXT NOT NULL,
        created_utc TEXT NOT NULL,
        UNIQUE (patient_id, name)
    )
    """,
    """
    CREATE TABLE clips (
        id INTEGER PRIMARY KEY,
        exam_id INTEGER NOT NULL REFERENCES exams (id),
        name TEXT NOT NULL,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        size_bytes INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        scheme TEXT,
        zone TEXT,
        licence TEXT NOT NULL,
        missing BOOLEAN NOT NULL,
        added_utc TEXT NOT NULL
    )
    """,
    "CREATE INDEX clips_by_exam ON clips (exam_id, name, id)",
    "CREATE INDEX clips_by_path ON clips (path)",
    "CREATE INDEX clips_by_zone ON clips (scheme, zone)",
    """
    CREATE TABLE tasks (
        key TEXT PRIMARY KEY,
        words TEXT NOT NULL,
        kind TEXT NOT NULL,
        classes TEXT NOT NULL,
        lower REAL,
        upper REAL,
        created_utc TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE labels (
        id INTEGER PRIMARY KEY,
        clip_id INTEGER NOT NULL REFERENCES clips (id),
        task TEXT NOT NULL,
        value TEXT,
        rater TEXT NOT NULL,
        certainty REAL NOT NULL,
        detail TEXT NOT NULL,
        corrected_from TEXT,
        corrected_model TEXT,
        note TEXT NOT NULL,
        given_utc TEXT NOT NULL,
        supersedes INTEGER REFERENCES labels (id),
        current BOOLEAN NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX labels_current ON labels (clip_id, task, rater)
    WHERE current = 1
    """,
    """
    CREATE INDEX labels_by_task ON labels (task, clip_id, rater, value)
    WHERE current = 1
    """,
    "CREATE INDEX labels_by_clip ON labels (clip_id, id)",
    "CREATE INDEX labels_superseding ON labels (supersedes)",
    """
    CREATE TABLE drawings (
        id INTEGER PRIMARY KEY,
        clip_id INTEGER NOT NULL REFERENCES clips (id),
        frame INTEGER NOT NULL,
        rater TEXT NOT NULL,
        lines TEXT NOT NULL,
        note TEXT NOT NULL,
        drawn_utc TEXT NOT NULL,
        supersedes INTEGER REFERENCES drawings (id),
        current BOOLEAN NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX drawings_current ON drawings (clip_id, frame, rater)
    WHERE current = 1
    """,
    "CREATE INDEX drawings_superseding ON drawings (supersedes)",
    """
    CREATE TABLE feature_sets (
        id INTEGER PRIMARY KEY,
        names TEXT NOT NULL UNIQUE
    )
    """,
    """
    CREATE TABLE analyses (
        id INTEGER PRIMARY KEY,
        clip_id INTEGER NOT NULL REFERENCES clips (id),
        model_name TEXT NOT NULL,
        model_version TEXT NOT NULL,
        model_sha256 TEXT NOT NULL,
        software TEXT NOT NULL,
        created_utc TEXT NOT NULL,
        assessable BOOLEAN NOT NULL,
        feature_set_id INTEGER NOT NULL REFERENCES feature_sets (id),
        features BLOB NOT NULL,
        embedding_mean BLOB NOT NULL,
        embedding_max BLOB NOT NULL,
        report BLOB NOT NULL,
        UNIQUE (clip_id, model_sha256)
    )
    """,
    "CREATE INDEX analyses_by_model ON analyses (model_sha256, clip_id)",
    """
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_utc TEXT NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE
    )
    """,
    "CREATE INDEX audit_by_subject ON audit (subject)",
    """
    CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END
    """,
    """
    CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END
    """,
    """
    CREATE TRIGGER labels_are_not_edited
    BEFORE UPDATE OF id, clip_id, task, value, rater, certainty, detail,
        corrected_from, corrected_model, note, given_utc, supersedes ON labels
    BEGIN SELECT RAISE(ABORT, 'labels are superseded, never edited'); END
    """,
    """
    CREATE TRIGGER labels_are_not_deleted BEFORE DELETE ON labels
    BEGIN SELECT RAISE(ABORT, 'labels are superseded, never deleted'); END
    """,
    """
    CREATE TRIGGER drawings_are_not_edited
    BEFORE UPDATE OF id, clip_id, frame, rater, lines, note, drawn_utc, supersedes
        ON drawings
    BEGIN SELECT RAISE(ABORT, 'drawings are superseded, never edited'); END
    """,
    """
    CREATE TRIGGER drawings_are_not_deleted BEFORE DELETE ON drawings
    BEGIN SELECT RAISE(ABORT, 'drawings are superseded, never deleted'); END
    """,
)

_PREDICTIONS: Final = (
    """
    CREATE TABLE experts (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        target TEXT NOT NULL,
        classes TEXT NOT NULL
    )
    """,
    "CREATE INDEX experts_by_target ON experts (target)",
    """
    CREATE TABLE predictions (
        id INTEGER PRIMARY KEY,
        clip_id INTEGER NOT NULL REFERENCES clips (id),
        model_sha256 TEXT NOT NULL,
        expert_id INTEGER NOT NULL REFERENCES experts (id),
        best TEXT NOT NULL,
        probability REAL NOT NULL,
        probabilities TEXT NOT NULL,
        abstained BOOLEAN NOT NULL,
        why TEXT NOT NULL,
        frame INTEGER,
        reasons TEXT NOT NULL,
        analysed_utc TEXT NOT NULL,
        made_utc TEXT NOT NULL,
        superseded_utc TEXT
    )
    """,
    """
    CREATE UNIQUE INDEX predictions_current
    ON predictions (clip_id, model_sha256, expert_id) WHERE superseded_utc IS NULL
    """,
    """
    CREATE INDEX predictions_by_expert
    ON predictions (
        expert_id, clip_id, abstained, probability, probabilities, superseded_utc
    ) WHERE superseded_utc IS NULL
    """,
    "CREATE INDEX predictions_by_clip ON predictions (clip_id, id)",
    """
    CREATE TRIGGER predictions_are_not_edited
    BEFORE UPDATE OF id, clip_id, model_sha256, expert_id, best, probability,
        probabilities, abstained, why, frame, reasons, analysed_utc, made_utc
        ON predictions
    BEGIN SELECT RAISE(ABORT, 'predictions are superseded, never edited'); END
    """,
    """
    CREATE TRIGGER predictions_are_not_deleted BEFORE DELETE ON predictions
    BEGIN SELECT RAISE(ABORT, 'predictions are superseded, never deleted'); END
    """,
    "CREATE INDEX clips_by_time ON clips (added_utc, id)",
)

_CORRECTIONS: Final = (
    """
    CREATE TABLE corrections (
        id INTEGER PRIMARY KEY,
        clip_id INTEGER NOT NULL REFERENCES clips (id),
        rater TEXT NOT NULL,
        set_values TEXT NOT NULL,
        model_values TEXT NOT NULL,
        model_sha256 TEXT NOT NULL,
        corrected_utc TEXT NOT NULL,
        supersedes INTEGER REFERENCES corrections (id),
        current BOOLEAN NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX corrections_current ON corrections (clip_id, rater)
    WHERE current = 1
    """,
    "CREATE INDEX corrections_superseding ON corrections (supersedes)",
    """
    CREATE TRIGGER corrections_are_not_edited
    BEFORE UPDATE OF id, clip_id, rater, set_values, model_values, model_sha256,
        corrected_utc, supersedes ON corrections
    BEGIN SELECT RAISE(ABORT, 'corrections are superseded, never edited'); END
    """,
    """
    CREATE TRIGGER corrections_are_not_deleted BEFORE DELETE ON corrections
    BEGIN SELECT RAISE(ABORT, 'corrections are superseded, never deleted'); END
    """,
)

Step = tuple[str, ...]
"""The SQL that takes a library from one version to the next."""

STEPS: Final[tuple[Step, ...]] = (_FIRST, _PREDICTIONS, _CORRECTIONS)
"""Every step so far: the version of a library is how many it has taken."""
