"""What the viewer model says to the widgets."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class ViewerSignals(QObject):
    """The signals of the viewer model, in one table.

    Signals
    -------
    exam_changed(ExamModel)            clips were listed, or another one is open
    clip_opened(Clip), clip_closed()
    geometry_changed(FrameGeometry)    the beam was found
    frame_changed(int)                 this frame is wanted now
    image_changed(ndarray, int)        this picture is to be shown now
    analysis_started(), analysis_ended(), progress_changed(float 0..1)
    findings_arrived(tuple)            new FrameFindings, at most every 33 ms
    findings_changed(int)              those of the frame that is shown
    report_changed(ClipReport | None)  provisional while the analysis runs
    predictions_changed(tuple)         (Prediction, Prediction after edits | None)
    edits_changed(dict)                biomarker key to value
    selection_changed(str)             a biomarker key, "" for none
    saliency_changed(ndarray | None, str)
    layers_changed(Layers), loop_changed((first, last) | None)
    playing_changed(bool), speed_changed(float)
    models_changed(Models | None), device_changed(str)
    status_changed(str), failed(LusViewerError)
    """

    exam_changed = Signal(object)
    clip_opened = Signal(object)
    clip_closed = Signal()
    geometry_changed = Signal(object)
    frame_changed = Signal(int)
    image_changed = Signal(object, int)
    analysis_started = Signal()
    analysis_ended = Signal()
    progress_changed = Signal(float)
    findings_arrived = Signal(object)
    findings_changed = Signal(int)
    report_changed = Signal(object)
    predictions_changed = Signal(object)
    edits_changed = Signal(object)
    selection_changed = Signal(str)
    saliency_changed = Signal(object, str)
    layers_changed = Signal(object)
    loop_changed = Signal(object)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    models_changed = Signal(object)
    device_changed = Signal(object)
    status_changed = Signal(str)
    failed = Signal(object)
