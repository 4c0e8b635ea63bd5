"""A slider through a figure's frames."""

import plotly.graph_objects as go


def add_frame_slider(fig: go.Figure, name: str, active: int = 0) -> None:
    """Add a slider called `name` with a step for each frame, labeled with the frame's own name.

    `active` is the frame that the figure shows at first. Sliders of one name move together.
    """
    now = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}}
    steps = [
        {"label": frame.name, "method": "animate", "args": [[frame.name], now]}
        for frame in fig.frames
    ]
    prefix = {"prefix": f"{name}: "}
    fig.update_layout(
        sliders=[{"name": name, "active": active, "currentvalue": prefix, "steps": steps}]
    )
