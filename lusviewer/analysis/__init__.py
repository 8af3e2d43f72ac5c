"""From a clip to its findings and its report."""

from lusviewer.analysis.stream import analyse, analyse_frame
from lusviewer.analysis.summary import summarise
from lusviewer.analysis.whole import analyse_whole

__all__ = ["analyse", "analyse_frame", "analyse_whole", "summarise"]
