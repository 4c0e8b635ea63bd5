"""One module per figure: runs -> data -> Plotly figure, and what it says of the paper's claim."""
