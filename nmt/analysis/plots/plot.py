"""The contract of a plot, and what all of them share: style, colours and saving.

Importing this module needs matplotlib.
"""

import io
from pathlib import Path
from typing import ClassVar, Protocol

from nmt.analysis.plots.file_formats import check_format
from nmt.runtime import output_files
from nmt.runtime.errors import MissingExtraError

try:
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtraError("matplotlib", "plot") from error

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442", "#000000")
"""Okabe and Ito's, which colour-blind readers distinguish, also in grey print."""
INK = "#262626"
PALE = "#d9d9d9"


class Plot(Protocol):
    """Reads numbers and draws them; a frozen dataclass of settings that is called.

    Attributes:
        name: of the file, without suffix, if the user gives no other.
    """

    name: ClassVar[str]

    def __call__(self) -> Figure:
        """Read the numbers and draw them.

        Raises:
            NmtError: if they are missing or invalid.
        """
        ...


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, independent of pyplot's global state."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: Axes, across: str, up: str) -> None:
    """Remove the frame's top and right, draw a pale grid, and label both axes."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(PALE)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0, labelsize=9, pad=5)
    axes.set_xlabel(across, color=INK, fontsize=10)
    axes.set_ylabel(up, color=INK, fontsize=10)


def colour(number: int) -> str:
    """Return the colour of a system or run by its number from 0; colours repeat."""
    return COLOURS[number % len(COLOURS)]


def save(figure: Figure, path: Path) -> None:
    """Write a figure atomically, in the format of its suffix.

    The same numbers give the same bytes: no date, and no random names within an SVG.

    Raises:
        NmtError: if the suffix is not a format's, or the file cannot be written.
    """
    check_format(path)
    kind = path.suffix[1:].lower()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "nmt"}):
        figure.savefig(
            file, format=kind, dpi=200, metadata=metadata, bbox_inches="tight", pad_inches=0.1
        )
    output_files.write(path, file.getvalue())
