"""Whether a network knows when it is wrong: scores, calibration, images of another dataset."""

# What tells a doubtful image, by name, with its name in figures. Larger is always less sure.
SCORES = {
    "mahalanobis": "Mahalanobis distance",
    "msp": "maximum softmax probability",
    "energy": "energy",
    "vertex": "distance to the nearest vertex",
}

# What each score is to find. Positive are the misclassified test images, or those of the other
# dataset; negative the other test images of the network's own dataset.
TASKS = {
    "misclassified": "misclassified test images",
    "outside": "images of another dataset",
    "calibration": "probabilities that are right as often as they say",
}

# Of what a softmax gives the probabilities that are calibrated.
SOFTMAX_INPUTS = {
    "logits": "the logits",
    "probabilities": "the softmax of the logits, which a loss with two softmaxes takes for logits",
}

# The same AUROC computed in another way, which must give the same.
CONTROLS = {
    "up": "x times 1000",
    "down": "x times 0.001",
    "float64": "the network in float64",
}

# An AUROC that a control changes by more than this has failed.
ALLOWED_CHANGE = 0.01

# So many images are computed again in float64, which takes a processor several times as long.
FLOAT64_IMAGES = 2000

# Bins of a reliability diagram, and bootstrap draws with their seed.
BINS = 15
RESAMPLES, SEED = 500, 0

# What is measured of a score or of a calibration, by name.
METRICS = {
    "auroc": "area under the ROC curve; 0.5 is chance",
    "aupr": "average precision, the area under the precision–recall curve; chance is the share of "
    "positives",
    "aurc": "mean over k = 1 … N of the error rate among the k images with the lowest scores",
    "excess_aurc": "aurc less that of the same errors ranked perfectly",
    **{f"change_{key}": f"by how much auroc changes with {how}" for key, how in CONTROLS.items()},
    "ece_before": f"expected calibration error, {BINS} bins of equal width",
    "ece_after": "ece_before after temperature scaling",
    "nll_before": "mean negative log-likelihood, nats",
    "nll_after": "nll_before after temperature scaling",
    "temperature": "T by which what enters the softmax is divided",
}
