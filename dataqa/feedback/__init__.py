"""What users of an application say of its answers: thumbs, edits, favourites, flags.

``dataqa.feedback.record`` keeps it; ``dataqa export`` makes training files of it.
"""

from __future__ import annotations

from dataqa.feedback.store import Record, Store, open_store, record

__all__ = ["Record", "Store", "open_store", "record"]
