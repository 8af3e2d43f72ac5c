"""Reading clips: DICOM, video, images, folders and DICOMDIR."""

from lusviewer.io.folder import Exam, ExamClip, list_exam
from lusviewer.io.opening import open_clip

__all__ = ["Exam", "ExamClip", "list_exam", "open_clip"]
