/* The view of the epochs done: accuracy on training and test images, whole-code agreement. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const LEFT = 34, RIGHT = 10, TOP = 24, BOTTOM = 20;
  const LINES = [
    { key: "train", name: "train", dash: [] },
    { key: "test", name: "test", dash: [6, 3] },
    { key: "agreement", name: "whole code", dash: [2, 3] },
  ];
  const LEGEND = [0, 62, 120]; // where the entries begin, pixels

  function draw(pen, { width, height }, run, colors, { epochs }) {
    const last = Math.max(epochs, run.epoch);
    const x = (epoch) => LEFT + (epoch / last) * (width - LEFT - RIGHT);
    const y = (fraction) => TOP + (1 - fraction) * (height - TOP - BOTTOM);
    for (const percent of [0, 50, 100]) {
      const level = y(percent / 100);
      pen.path([[LEFT, level], [width - RIGHT, level]], { stroke: colors.faint });
      pen.text(`${percent} %`, LEFT - 4, level, { fill: colors.muted, align: "right", size: 10 });
    }
    pen.text("0", LEFT, height - 8, { fill: colors.muted, size: 11 });
    pen.text(`epoch ${last}`, width - RIGHT, height - 8, {
      fill: colors.muted, size: 11, align: "right",
    });
    LINES.forEach(({ key, name, dash }, index) => {
      const stroke = colors[key], at = LEFT + LEGEND[index];
      const points = run.history.map((row) => [x(row.epoch), y(row[key])]);
      pen.path(points, { stroke, width: 2, dash });
      pen.path([[at, 10], [at + 22, 10]], { stroke, width: 2, dash });
      pen.text(name, at + 26, 10, { fill: colors.text, align: "left", size: 11 });
    });
  }

  const percent = (fraction) => `${(100 * fraction).toFixed(1)} %`;

  function describe(run) {
    const { train, test, agreement } = run.latest;
    return `Curves over ${run.epoch} epochs. Now: training accuracy ${percent(train)}, test `
      + `accuracy ${percent(test)}, whole-code agreement ${percent(agreement)}.`;
  }

  trainer.curves = { draw, describe };
  trainer.percent = percent;
})();
