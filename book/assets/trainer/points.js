/* What the latent plane and the cube share: a scale that does not jump at every epoch, images
   as marks by class, class means as digits. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const SCALES = [0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 500, 1000];
  const MARK = 2.6, OPACITY = 0.45, BESIDE = 17; // pixels, but the second

  /* The half-width of the picture. It has a least value: a collapse then looks like one. */
  function scale({ x }) {
    let largest = 0;
    for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]));
    return SCALES.find((value) => value >= largest) || largest;
  }

  /* `place(values, at)` gives the [x, y] in the picture of the latent values that start at `at`. */
  function images(pen, run, place, colors) {
    const { x, dimensions, data: { train: { labels } }, settings: { digits } } = run;
    const places = digits.map(() => []);
    for (let image = 0; image < labels.length; image++) {
      places[labels[image]].push(...place(x, image * dimensions));
    }
    places.forEach((own, c) => {
      const digit = digits[c];
      pen.marks(trainer.SHAPES[digit], MARK, own, colors.digits[digit], OPACITY);
    });
  }

  /* Each digit stands a little farther out than its class mean, whose images it would hide. */
  function means(pen, run, place, colors) {
    const { found, dimensions, settings: { digits } } = run;
    const center = place(new Float64Array(dimensions), 0);
    digits.forEach((digit, c) => {
      const [x, y] = place(found.means, c * dimensions);
      const [dx, dy] = [x - center[0], y - center[1]], away = Math.hypot(dx, dy) || 1;
      const look = { fill: colors.digits[digit], size: 20, weight: 700, halo: colors.paper };
      pen.text(String(digit), x + (BESIDE * dx) / away, y + (BESIDE * dy) / away, look);
    });
  }

  trainer.points = { scale, images, means };
})();
