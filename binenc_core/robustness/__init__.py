"""How far an image must move until a network decides otherwise, and whether that can be trusted."""

# The attacks, from the authors' own to the crudest, with their names in figures.
ATTACKS = {
    "deepfool": "DeepFool",
    "margin": "Margin attack",
    "apgd": "APGD (DLR)",
    "bisection": "Bisection to the nearest other image",
}

_RERUNS = {
    "up": "the logits times 1000",
    "down": "the logits times 0.001",
    "float64": "everything in float64",
}

# The study's table has a row for each test image drawn. Norms are Euclidean, of the perturbation r
# in the input space, in which pixels lie between -1 and 1; inf where an attack does not succeed.
# What was run again is empty beyond the first images.
COLUMNS = {
    "image": "index in the test set",
    "label": "class",
    "predicted": "the network's decision, which the attacks change",
    "size": "‖x‖, norm of the image",
    **{name: f"‖r‖ of {title}" for name, title in ATTACKS.items()},
    "deepfool_last": "‖r‖ of DeepFool's last iterate, whether or not it succeeds",
    **{f"deepfool_{key}": f"`deepfool` with {how}" for key, how in _RERUNS.items()},
    "smallest": "the smallest ‖r‖ of all attacks",
    **{
        f"smallest_{key}": f"`smallest` with {how}"
        for key, how in {**_RERUNS, "strong": "more steps, restarts and targets"}.items()
    },
}

ARRAYS = {
    "corruptions": "names of the corruptions",
    "severities": "their severities, (corruptions, levels), each in its own unit",
    "corrupted_accuracy": "accuracy on images so corrupted, the first ones of the same draw",
    "corrupted_images": "how many images were corrupted",
    "gallery_row": "rows of the table whose images are kept, (G,)",
    "gallery_image": "these images, float16 (G, K, H, W), pixels between -1 and 1",
    "gallery_deepfool": "where DeepFool's last iterate has moved them, float16 (G, K, H, W)",
    "gallery_smallest": "where the attack of the smallest ‖r‖ has moved them",
}
