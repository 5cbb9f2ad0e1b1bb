"""The look of every chart: fonts that hold the text, and colours that a colour-blind reader can tell apart."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from storage_opt.report.words import both, english

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "COLOURS",
    "GREY",
    "INK",
    "KINDS_OF_WORK",
    "LINES",
    "RULE",
    "choose_font",
    "cjk_font",
    "drawable",
    "label",
    "pale",
    "plain_axes",
    "shades",
    "styled",
]

INK = "#2b2f36"
GREY = "#9aa1ab"
RULE = "#e4e7eb"

# Okabe & Ito 2008, told apart under all common colour deficiencies; weights tuned for white paper
COLOURS = {
    "price": "#6b4c9a",
    "load": INK,
    "used": "#8fc9a4",
    "curtailed": "#c9cdd3",
    "import": "#0072b2",
    "export": "#e08a5a",
    "charge": "#56b4e9",
    "discharge": "#e69f00",
    "soc": "#009e73",
    "cold": "#0072b2",
    "idle": "#dde1e7",
}
LINES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a6d3b")
"""Colours of the lines of a bill, in order."""

KINDS_OF_WORK = {"inference": "#3d6f9e", "training": "#cf6f6a", "batch": "#e9c46a"}
"""Hues of the kinds of work, from the bottom of a stack up; they run from dark to light, so grey tells them apart."""

_CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "PingFang HK",
    "Hiragino Sans GB",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Noto Sans CJK TC",
    "Heiti TC",
    "STHeiti",
    "SimSun",
    "Arial Unicode MS",
)
_SHADE_STEP, _PALEST = 0.3, 0.7
_LATIN_FONT = "DejaVu Sans"  # ships with Matplotlib


def choose_font(installed: Collection[str]) -> str | None:
    """First of the known Chinese fonts that is installed."""
    return next((name for name in _CJK_FONTS if name in installed), None)


@cache
def cjk_font() -> str | None:
    """A font on this machine that holds Chinese text, or None."""
    from matplotlib import font_manager

    return choose_font({entry.name for entry in font_manager.fontManager.ttflist})


@cache
def _glyphs(font: str) -> frozenset[int]:
    from matplotlib import font_manager, ft2font

    path = font_manager.findfont(font, fallback_to_default=False)
    return frozenset(ft2font.FT2Font(path).get_charmap())


def label(key: str) -> str:
    """Name of a key: with Chinese beside it where a font can draw it, in English only otherwise."""
    return both(key) if cjk_font() else english(key)


def drawable(text: str, otherwise: str) -> str:
    """`text` when the fonts hold every character of it, else `otherwise`: never a box in place of a glyph."""
    fonts = [_LATIN_FONT, *filter(None, [cjk_font()])]
    held = frozenset().union(*(_glyphs(font) for font in fonts))
    # a dollar sign would open mathematics
    return text.replace("$", r"\$") if all(ord(character) in held for character in text) else otherwise


@contextmanager
def styled() -> Iterator[None]:
    """Fonts, sizes and rules of all charts, set for the time of drawing only."""
    import matplotlib as mpl

    fonts = [_LATIN_FONT, *filter(None, [cjk_font()])]
    settings: dict[str, object] = {
        "font.family": fonts,
        "font.size": 9,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": GREY,
        "axes.titlesize": 9,
        "axes.unicode_minus": True,
        "xtick.color": INK,
        "ytick.color": INK,
        "svg.hashsalt": "storage_opt",  # the same picture gives the same file
        "savefig.facecolor": "white",
    }
    with mpl.rc_context(settings):  # type: ignore[arg-type]
        yield


def plain_axes(axes: Axes) -> None:
    """Light horizontal rules, no box."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(visible=True, axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=3)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:z,.10g}".replace("-", "\N{MINUS SIGN}"))


def pale(colour: str) -> tuple[float, float, float]:
    """The colour mixed half and half with white, so that no rule shows through."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return (0.5 + red / 2, 0.5 + green / 2, 0.5 + blue / 2)


def shades(colour: str, count: int) -> tuple[str, ...]:
    """As many shades of one hue, from itself towards white."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = to_rgb(colour)
    steps = (number * min(_SHADE_STEP, _PALEST / max(count - 1, 1)) for number in range(count))
    return tuple(to_hex((red + (1 - red) * w, green + (1 - green) * w, blue + (1 - blue) * w)) for w in steps)
