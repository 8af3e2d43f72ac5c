"""Reading clips: DICOM, video, images, folders and DICOMDIR."""

from typing import TYPE_CHECKING

from lusviewer.parts import on_demand

if TYPE_CHECKING:
    from lusviewer.io.folder import Exam, ExamClip, list_exam
    from lusviewer.io.opening import open_clip
else:
    __getattr__ = on_demand(
        __name__, folder=("Exam", "ExamClip", "list_exam"), opening=("open_clip",)
    )

__all__ = ["Exam", "ExamClip", "list_exam", "open_clip"]
