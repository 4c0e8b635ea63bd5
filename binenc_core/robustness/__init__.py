"""How far an image must move until a network decides otherwise, and whether that can be trusted."""

# The attacks, from the authors' own to the crudest, with their names in figures.
ATTACKS = {
    "deepfool": "DeepFool",
    "margin": "Margin attack",
    "apgd": "APGD (DLR)",
    "bisection": "Bisection to the nearest other image",
}
