/* The view of the class codes: the sign of each class in each dimension, and in how many bits
   the codes of two classes differ. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const MOST = 16, LABEL = 22, GAP = 28, TOP = 34, LARGEST_CELL = 26;

  const square = (x, y, size) => [[x, y], [x + size, y], [x + size, y + size], [x, y + size]];

  function draw(pen, { width, height }, run, colors) {
    const { found, dimensions, classes, settings: { digits } } = run;
    const shown = Math.min(MOST, dimensions);
    const cell = Math.min(LARGEST_CELL, (width - 2 * LABEL - GAP) / (shown + classes),
      (height - TOP) / classes);
    const size = Math.min(13, cell * 0.62);
    const codesAt = LABEL, hammingAt = LABEL + shown * cell + GAP + LABEL;
    const title = { fill: colors.muted, align: "left" };
    pen.text("codes", codesAt, 8, title);
    pen.text("bits that differ", hammingAt, 8, title);
    digits.forEach((digit, c) => {
      const y = TOP + c * cell;
      const label = { fill: colors.digits[digit], weight: 700, size: Math.max(9, size) };
      pen.text(digit, codesAt - LABEL / 2, y + cell / 2, label);
      pen.text(digit, hammingAt - LABEL / 2, y + cell / 2, label);
      pen.text(digit, hammingAt + (c + 0.5) * cell, TOP - 8, label);
      for (let p = 0; p < shown; p++) {
        const bit = found.codes[c * dimensions + p];
        const x = codesAt + p * cell;
        pen.path(square(x + 0.5, y + 0.5, cell - 1), {
          fill: bit ? colors.plus : colors.minus, closed: true,
        });
        pen.text(bit ? "+" : "−", x + cell / 2, y + cell / 2, {
          fill: bit ? colors.plusText : colors.minusText, size,
        });
      }
      for (let other = 0; other < classes; other++) {
        const distance = found.hamming[c * classes + other];
        const x = hammingAt + other * cell;
        if (c === other) continue;
        pen.path(square(x + 0.5, y + 0.5, cell - 1), {
          stroke: distance ? colors.faint : colors.test, width: distance ? 1 : 2, closed: true,
        });
        pen.text(distance, x + cell / 2, y + cell / 2, { fill: colors.text, size });
      }
    });
  }

  function describe(run) {
    const { found, dimensions, settings: { digits } } = run;
    const code = (c) => [...found.codes.subarray(c * dimensions, (c + 1) * dimensions)]
      .map((bit) => (bit ? "+" : "−")).join("");
    return `Class codes, a sign for each latent dimension: ${
      digits.map((digit, c) => `${digit}: ${code(c)}`).join("; ")}. ${
      found.distinct} of ${run.classes} codes are distinct.`;
  }

  trainer.codes = { draw, describe };
})();
