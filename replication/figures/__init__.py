"""One module per figure: runs -> data -> Plotly figure, and what it says of the paper's claim."""

import plotly.io as pio

# In a live notebook: no button that uploads the figure, and pictures as SVG.
for _name in ("plotly_mimetype", "notebook", "notebook_connected", "vscode", "browser"):
    pio.renderers[_name].config = {
        "showSendToCloud": False,
        "toImageButtonOptions": {"format": "svg"},
    }
