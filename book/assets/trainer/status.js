/* What has happened, in words: how much is learned, and where x points. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});
  const { percent } = trainer;

  /* Whether x can lie at any corner of a hypercube about zero. */
  const hasCorners = ({ head }) => head === "binary" || head === "linear";

  function encoding({ found, classes, latest, settings }) {
    const codes = found.distinct === classes
      ? `${classes} classes have ${classes} codes`
      : `${classes} classes share ${found.distinct === 1 ? "one code" : `${found.distinct} codes`}`;
    const near = hasCorners(settings)
      ? `; class means within ${Math.ceil(100 * latest.distance)} % of the corners` : "";
    const agreeing = percent(latest.agreement);
    return `${agreeing} of the images have their class's whole code, ${codes}${near}`;
  }

  /* One sentence, or two, on where a run stands. */
  trainer.status = (run, goal) => {
    if (run.diverged) {
      return `Diverged in epoch ${run.epoch + 1}: the loss is no longer finite. `
        + "Choose a smaller γ or learning rate, and reset.";
    }
    const at = `Epoch ${run.epoch} of ${Math.max(goal, run.epoch)}`;
    const { test } = run.latest;
    if (run.collapsed) {
      const guess = `test accuracy ${percent(test)}, as by guessing`;
      // A slow start looks the same, so the verdict waits for the end.
      return run.epoch < goal ? `${at}: every image lies near zero, ${guess}.`
        : `${at}: collapsed. At γ = ${run.gamma} the penalty outweighs the cross-entropy, every image `
          + `lies near zero and nothing is learned: ${guess}.`;
    }
    return `${at}: test accuracy ${percent(test)}; ${encoding(run)}.`;
  };

  /* A sentence on how near x points to corners, and how near it would by chance; none where it
     cannot point to all of them, or nothing is learned. */
  trainer.direction = (run) => {
    if (!hasCorners(run.settings) || run.diverged || run.collapsed) return "";
    const { cosine, chance } = run.found;
    return ` Vertex cosine ${cosine.toFixed(2)}, by chance ${chance.toFixed(2)}.`;
  };
})();
