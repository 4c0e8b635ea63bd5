"""The panel of a live Jupyter: what is asked, the process that trains it, and what is drawn."""

try:
    from replication.widgets.panel import gamma_panel
except ModuleNotFoundError as error:  # in an installation for reading only
    raise ModuleNotFoundError(
        f"the panel needs {error.name}: pip install -r requirements.txt"
    ) from error

__all__ = ["gamma_panel"]
