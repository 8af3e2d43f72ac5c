"""The errors lusviewer raises on purpose.

* LusViewerError
  * ClipError
    * UnsupportedClipError
    * CorruptClipError
    * CorruptFrameError
    * UnreadableFileError
    * EmptyFolderError
  * ModelError
    * ManifestError
    * InferenceError
  * ResultError
  * TrainingError
  * LibraryError
    * LibraryFileError

``Cancelled`` (in ``lusviewer.cancel``) stands apart: no handler of errors may
swallow it.
"""


class LusViewerError(Exception):
    """Something a person can be told: what is wrong, and what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class ClipError(LusViewerError):
    """A file or folder could not be opened as clips."""


class UnsupportedClipError(ClipError):
    """The file is whole, but not of a kind that can be shown."""


class CorruptClipError(ClipError):
    """A reader accepted the file, but its content is broken."""


class CorruptFrameError(ClipError):
    """One frame of an otherwise readable clip does not decode."""


class UnreadableFileError(ClipError):
    """The operating system did not give the file: missing, or no permission."""


class EmptyFolderError(ClipError):
    """A folder or DICOMDIR names no clip that can be opened."""


class ModelError(LusViewerError):
    """A model bundle or an expert cannot be used."""


class ManifestError(ModelError):
    """A manifest, a file hash or a graph's signature is wrong."""


class InferenceError(ModelError):
    """The runtime refused to run a graph."""


class ResultError(LusViewerError):
    """Results could not be written or read back."""


class TrainingError(LusViewerError):
    """A training run cannot start or go on."""


class LibraryError(LusViewerError):
    """The study library cannot be opened, read or changed as asked."""


class LibraryFileError(LibraryError):
    """The library's own file cannot be read or written, whatever is done with it.

    ``full`` says that its disk has no room, ``busy`` that another process writes.
    """

    def __init__(
        self, message: str, *, hint: str = "", full: bool = False, busy: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.full, self.busy = full, busy
