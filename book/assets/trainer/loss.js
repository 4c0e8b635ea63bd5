/* The training loss, cross-entropy + γ·L_Bin(x), and its slopes (binenc_core.loss). */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  /* Readings of L_Bin: its value for `count` numbers x; adds `factor` times its slopes. */
  const PENALTIES = {
    /* The mean of exp(x²). */
    mean_exp(x, count, factor, slopes) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const value = Math.exp(x[i] * x[i]);
        sum += value;
        slopes[i] += (factor * 2 * x[i] * value) / count;
      }
      return sum / count;
    },
    /* exp of the mean of x²: the released code's reading. */
    exp_mean(x, count, factor, slopes) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += x[i] * x[i];
      const value = Math.exp(sum / count);
      for (let i = 0; i < count; i++) slopes[i] += (factor * 2 * x[i] * value) / count;
      return value;
    },
  };

  /* Softmax of `size` numbers, in place; the logarithm of their sum of exponentials. */
  function softmax(values, size) {
    let largest = -Infinity, sum = 0;
    for (let k = 0; k < size; k++) largest = Math.max(largest, values[k]);
    for (let k = 0; k < size; k++) sum += values[k] = Math.exp(values[k] - largest);
    for (let k = 0; k < size; k++) values[k] /= sum;
    return largest + Math.log(sum);
  }

  function largestAt(values, from, size) {
    let best = 0;
    for (let k = 1; k < size; k++) if (values[from + k] > values[from + best]) best = k;
    return best;
  }

  /* Mean cross-entropy of a batch and its correct images. `labels` are all images' classes,
     `order` numbers those of the batch. With `twice` the probabilities are taken for logits, as
     the released code does. Fills `logits.slopes`. */
  function crossEntropy(logits, labels, order, start, count, twice) {
    const { size, values, slopes } = logits;
    const first = new Float64Array(size), second = new Float64Array(size);
    let loss = 0, hits = 0;
    for (let image = 0; image < count; image++) {
      const at = image * size, label = labels[order[start + image]];
      if (largestAt(values, at, size) === label) hits++;
      for (let k = 0; k < size; k++) first[k] = values[at + k];
      let logSum = softmax(first, size);
      if (!twice) {
        loss += logSum - values[at + label];
        for (let k = 0; k < size; k++) slopes[at + k] = (first[k] - (k === label)) / count;
        continue;
      }
      second.set(first);
      logSum = softmax(second, size);
      loss += logSum - first[label];
      let mean = 0; // of the outer slopes, under the inner probabilities
      for (let k = 0; k < size; k++) mean += first[k] * (second[k] - (k === label));
      for (let k = 0; k < size; k++) {
        slopes[at + k] = (first[k] * (second[k] - (k === label) - mean)) / count;
      }
    }
    return { loss: loss / count, hits };
  }

  /* Loss and correct images of the batch that `network` has passed; fills the slopes of its
     logits and of x. Where γ = 0 the penalty is not used: 0·∞ would not be a number. */
  function totalLoss(network, labels, order, start, count, { gamma, penalty, softmax: times }) {
    const { logits, x } = network;
    const found = crossEntropy(logits, labels, order, start, count, times === "twice");
    x.slopes.fill(0);
    if (gamma) {
      found.loss += gamma * PENALTIES[penalty](x.values, count * x.size, gamma, x.slopes);
    }
    return found;
  }

  trainer.totalLoss = totalLoss;
  trainer.largestAt = largestAt;
})();
