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

# The study's table has a row for each number.
METRICS = {
    "auroc": "area under the ROC curve; 0.5 is chance",
    "aupr": "average precision, the area under the precision–recall curve; chance is the share of "
    "positives",
    "aurc": "mean over k = 1 … N of the error rate among the k images with the lowest scores",
    "excess_aurc": "aurc less that of the same errors ranked perfectly",
    **{f"change_{key}": f"by how much auroc changes with {how}" for key, how in CONTROLS.items()},
    "ece_before": "expected calibration error, 15 bins of equal width",
    "ece_after": "ece_before after temperature scaling",
    "nll_before": "mean negative log-likelihood, nats",
    "nll_after": "nll_before after temperature scaling",
    "temperature": "T by which what enters the softmax is divided",
}

COLUMNS = {
    "task": f"one of {', '.join(TASKS)}",
    "score": f"one of {', '.join(SCORES)}; in calibration, of what the softmax is taken: "
    f"{', '.join(SOFTMAX_INPUTS)}",
    "metric": "; ".join(f"{name}: {text}" for name, text in METRICS.items()),
    "value": "its value; empty where there is no positive or no negative image",
    "low": "lower end of the 95 % bootstrap interval over the images, empty where there is none",
    "high": "its upper end",
    "positives": "number of positive images; in calibration, of misclassified ones",
    "negatives": "number of the others",
}

_SCORES = f"({len(SCORES)}, points), scores in the order {', '.join(SCORES)}"
ARRAYS = {
    "grid": "false positive rates and coverages at which the curves are given",
    "roc": f"true positive rate for misclassified images, {_SCORES}",
    "risk": f"error rate among the images kept at each coverage, {_SCORES}",
    "bin_count": "images in each bin of confidence, (2, 15), before and after temperature scaling",
    "bin_confidence": "their mean confidence, nan in empty bins",
    "bin_accuracy": "the fraction of them that is classified correctly",
}
