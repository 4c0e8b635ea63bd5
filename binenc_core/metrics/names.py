"""What every recorded quantity is, by the name of its column in history.csv."""

METRICS: dict[str, str] = {
    "loss": "training objective in evaluation mode, nats",
    "cross_entropy": "cross-entropy of the softmax of the logits (once), evaluation mode, nats",
    "accuracy": "fraction of images classified correctly (paper, figure 3)",
    "gmm_score": "mean log-likelihood per value of the two-component mixture fitted to each latent "
    "dimension, averaged over dimensions, nats (paper, figure 1)",
    "gmm_std": "mean standard deviation of the mixture's two components, averaged over dimensions, "
    "in units of x (paper, figure 1)",
    "gmm_score_standardized": "gmm_score on values standardized per dimension",
    "gmm_std_standardized": "gmm_std on values standardized per dimension",
    "peak_separation": "|m1 − m2| / mean(s1, s2) of the mixture on standardized values, averaged "
    "over dimensions",
    "bic_gain": "BIC of one Gaussian less BIC of two, on standardized values, averaged over "
    "dimensions",
    "bit_agreement": "mean over classes and dimensions of max(f, 1 − f), f the fraction of a "
    "class's points with x > 0; classes by true label",
    "bit_agreement_predicted": "bit_agreement with classes by predicted label (released code, "
    "figure 2)",
    "whole_code_agreement": "fraction of points whose whole code equals their class's code, the "
    "majority on the training set (paper's text on figure 2)",
    "distinct_codes": "number of distinct majority codes among the classes",
    "hamming_mean": "mean Hamming distance between the majority codes of two classes, bits",
    "hamming_min": "smallest Hamming distance between the majority codes of two classes, bits",
    "vertex_cosine": "mean cosine between a point and its nearest hypercube vertex",
    "vertex_means": "mean cosine between a class mean and its nearest hypercube vertex",
    "vertex_excess": "vertex_means less its mean over random rotations of the same class means",
    "vertex_z": "vertex_excess in standard deviations over these rotations",
    "equinorm": "std / mean of the norms of the class means, centered by the mean of the class "
    "means (paper, figure 4)",
    "equinorm_predicted": "equinorm of the means by predicted label, centered by the sample mean "
    "(released code)",
    "equiangularity": "std of the cosines between centered class means (paper, figure 4)",
    "equiangularity_predicted": "equiangularity of the means by predicted label, centered by the "
    "sample mean (released code)",
    "max_angle": "mean over pairs of classes of |cos + 1/(C − 1)| (paper, figure 4)",
    "max_angle_predicted": "max_angle of the means by predicted label, the diagonal pairs "
    "included, centered by the sample mean (released code)",
    "within_between": "Tr(Sw Sb⁺)/C (paper, figure 4)",
    "within_between_released": "Tr(Sw Sb⁺)/C with classes by predicted label and Sb the sample "
    "covariance of the class means (released code)",
    "within_covariance": "mean of all P² entries of the class-averaged sample covariance (paper, "
    "figure 4)",
    "within_covariance_predicted": "within_covariance with classes by predicted label (released "
    "code)",
    "within_variance": "Tr(Sw)/P",
    "within_between_traces": "Tr(Sw)/Tr(Sb)",
    "self_duality": "distance of the classifier's weights from the centered class means, both at "
    "Frobenius norm 1 (NC3)",
    "center_disagreement": "fraction of points whose predicted label is not that of the nearest "
    "training class mean (NC4)",
    "weight_vertex_excess": "vertex_excess of the rows of the classifier's weights W",
    "weight_rms": "root mean square of W's entries",
    "weight_kurtosis": "kurtosis of W's entries: 3 for a Gaussian, 1 for ±w",
    "weight_path_ratio": "mean |W − W₀| over the sum of the classifier's learning rates of all "
    "steps: 1 where every entry walks straight by the full step",
    "weight_alignment": "mean cosine between a class's mean and its row of W, centered over the "
    "classes",
    "vertex_excess_unrotated": "vertex_excess of the class means before the fixed rotation",
}

# The quantities that figures 2 and 4 plot, where the released code defines them otherwise than the
# text: by the text's column, the released code's.
RELEASED: dict[str, str] = {
    "bit_agreement": "bit_agreement_predicted",
    "equinorm": "equinorm_predicted",
    "equiangularity": "equiangularity_predicted",
    "max_angle": "max_angle_predicted",
    "within_between": "within_between_released",
    "within_covariance": "within_covariance_predicted",
}

# Between these the arrays' latent_histogram counts standardized values.
HISTOGRAM_RANGE = (-3.0, 3.0)


def column(metric: str, definitions: str) -> str:
    """The column of a quantity by the definitions that `RunConfig.metrics` names."""
    return RELEASED.get(metric, metric) if definitions == "released" else metric


# Arrays of the last logged epoch alone, uint8 (N,): the labels of the test images and what the
# network takes them for. The others are stacked over the logged epochs.
LATEST = ("test_labels", "test_predicted")
