"""The columns of the POCUS table that the readers use."""

from __future__ import annotations

POCUS_FIELDS = (
    "file",
    "Label",
    "Lung Severity Score",
    "License",
    "Probe",
    "Patient ID / Name",
    "Effusion",
    "Consolidations",
    "B-lines",
    "A-lines",
    "Pleural line irregularities",
    "Healthy",
    "Comments first medical doctor (MD1)",
    "URL (Video Name)",
)
