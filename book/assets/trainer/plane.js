/* The view of two latent dimensions: images, class means, the corners of their square. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const MARGIN = 22, CORNER = 9;

  function corners(pen, place, amplitude, colors) {
    const at = (a, b) => place([a * amplitude, b * amplitude], 0, [0, 1]);
    const all = [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)];
    pen.path(all, { stroke: colors.muted, dash: [5, 4], closed: true });
    for (const [x, y] of all) {
      const ring = trainer.SHAPES[0].map(([dx, dy]) => [x + CORNER * dx, y + CORNER * dy]);
      pen.path(ring, { stroke: colors.text, width: 1.5, closed: true });
    }
  }

  /* `dimensions` are the two to show, across and up, counted from 0. */
  function draw(pen, { width, height }, run, colors, { dimensions }) {
    const scale = trainer.points.scale(run);
    const half = Math.min(width, height) / 2 - MARGIN;
    const place = (values, at, [across, up] = dimensions) => [
      width / 2 + (values[at + across] / scale) * half,
      height / 2 - (values[at + up] / scale) * half,
    ];
    const right = width / 2 + half, left = width / 2 - half;
    const top = height / 2 - half, bottom = height / 2 + half;
    const axis = { stroke: colors.line };
    pen.path([[left, height / 2], [right, height / 2]], axis);
    pen.path([[width / 2, top], [width / 2, bottom]], axis);
    const name = (dimension) => `x${dimension + 1}`;
    const note = { fill: colors.muted };
    pen.text(name(dimensions[0]), right + 4, height / 2, { ...note, align: "left" });
    pen.text(name(dimensions[1]), width / 2 + 6, top - 8, { ...note, align: "left" });
    // Below the picture, where no corner and no point is.
    pen.text(`axes to ±${scale}`, right, bottom + 12, { ...note, align: "right" });
    trainer.points.images(pen, run, place, colors);
    const { head } = run.settings;
    if (head === "binary" || head === "linear") {
      corners(pen, place, run.found.amplitude, colors);
    }
    trainer.points.means(pen, run, place, colors);
  }

  function describe(run, { dimensions: [across, up] }) {
    const { found, dimensions, settings: { digits } } = run;
    const at = (c, dimension) => found.means[c * dimensions + dimension].toFixed(2);
    const places = digits.map((digit, c) => `${digit} at (${at(c, across)}, ${at(c, up)})`);
    return `Latent plane, dimensions ${across + 1} and ${up + 1}, training images by digit. `
      + `Class means: ${places.join("; ")}.`;
  }

  trainer.plane = { draw, describe };
})();
