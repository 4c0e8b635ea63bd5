/* The view of each latent dimension's values over all training images, as small histograms. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const MOST = 16, BINS = 41, GAP = 10, NOTE = 18; // pixels, but the first two

  function counts(x, dimension, dimensions, scale) {
    const found = new Float64Array(BINS);
    for (let at = dimension; at < x.length; at += dimensions) {
      const bin = Math.floor(((x[at] / scale + 1) / 2) * BINS);
      found[Math.max(0, Math.min(BINS - 1, bin))]++;
    }
    return found;
  }

  function panel(pen, left, top, width, height, found, name, colors) {
    const highest = Math.max(...found), bar = width / BINS, floor = top + height;
    const outline = [...found].flatMap((count, bin) => {
      const y = floor - (count / highest) * height;
      return [[left + bin * bar, y], [left + (bin + 1) * bar, y]];
    });
    const area = [[left, floor], ...outline, [left + width, floor]];
    pen.path(area, { fill: colors.train, closed: true });
    pen.path([[left, floor], [left + width, floor]], { stroke: colors.line });
    const middle = left + width / 2;
    pen.path([[middle, top], [middle, floor]], { stroke: colors.line, dash: [2, 3] });
    pen.text(name, middle, floor + 10, { fill: colors.muted, size: 11 });
  }

  function draw(pen, { width, height }, run, colors) {
    const shown = Math.min(MOST, run.dimensions);
    const columns = Math.min(shown, width < 340 ? 4 : 8), rows = Math.ceil(shown / columns);
    const scale = trainer.points.scale(run);
    const across = width / columns, down = height / rows;
    for (let p = 0; p < shown; p++) {
      const left = (p % columns) * across + GAP / 2, top = Math.floor(p / columns) * down + 4;
      const found = counts(run.x, p, run.dimensions, scale);
      panel(pen, left, top, across - GAP, down - NOTE - 4, found, `x${p + 1}`, colors);
    }
  }

  function describe(run) {
    const shown = Math.min(MOST, run.dimensions);
    const left = run.dimensions > shown ? ` (the first ${shown} of ${run.dimensions})` : "";
    return `Histograms of the training images' values in each latent dimension${left}, from `
      + `−${trainer.points.scale(run)} to ${trainer.points.scale(run)}; mean standard deviation `
      + `${run.found.spread.toPrecision(2)}.`;
  }

  trainer.histograms = { draw, describe };
})();
