"""From a clip to its findings and its report."""

from typing import TYPE_CHECKING

from lusviewer.parts import on_demand

if TYPE_CHECKING:
    from lusviewer.analysis.stream import analyse, analyse_frame
    from lusviewer.analysis.summary import summarise
    from lusviewer.analysis.whole import analyse_whole
else:
    __getattr__ = on_demand(
        __name__,
        stream=("analyse", "analyse_frame"),
        summary=("summarise",),
        whole=("analyse_whole",),
    )

__all__ = ["analyse", "analyse_frame", "analyse_whole", "summarise"]
