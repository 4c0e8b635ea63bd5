"""The panel of a live Jupyter: what is asked, the process that trains it, and what is drawn."""

from binenc_core.widgets.panel import gamma_panel

__all__ = ["gamma_panel"]
