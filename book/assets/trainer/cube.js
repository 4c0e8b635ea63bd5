/* The view of three latent dimensions, which the reader turns: images, class means, and the cube
   on whose corners they come to lie. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const START = { yaw: 0.5, pitch: 0.35 };
  const RADIANS_PER_PIXEL = 0.01, RADIANS_PER_KEY = 0.1;
  const DISTANCE = 5; // of the eye, in half-widths of the picture
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function projection(width, height, scale, { yaw, pitch }) {
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const half = Math.min(width, height) / 2 / 1.5; // the cube's diagonal fits
    return (values, at) => {
      const x = values[at] / scale, y = values[at + 1] / scale, z = values[at + 2] / scale;
      const right = cy * x + sy * z, back = cy * z - sy * x;
      const up = cp * y - sp * back, depth = sp * y + cp * back;
      const near = (half * DISTANCE) / (DISTANCE - depth);
      return [width / 2 + right * near, height / 2 - up * near];
    };
  }

  function edges(pen, place, amplitude, colors) {
    const corner = (bits) => [0, 1, 2].map((p) => ((bits >> p) & 1 ? amplitude : -amplitude));
    for (let bits = 0; bits < 8; bits++) {
      for (const step of [1, 2, 4]) {
        if (bits & step) continue;
        const ends = [place(corner(bits), 0), place(corner(bits | step), 0)];
        pen.path(ends, { stroke: colors.muted, dash: [5, 4] });
      }
    }
  }

  function draw(pen, { width, height }, run, colors, { turn }) {
    const place = projection(width, height, trainer.points.scale(run), turn);
    const { head } = run.settings;
    if (head === "binary" || head === "linear") edges(pen, place, run.found.amplitude, colors);
    trainer.points.images(pen, run, place, colors);
    trainer.points.means(pen, run, place, colors);
  }

  function describe(run) {
    const { found, settings: { digits } } = run;
    const at = (c) => [0, 1, 2].map((p) => found.means[c * 3 + p].toFixed(2)).join(", ");
    const places = digits.map((digit, c) => `${digit} at (${at(c)})`);
    return "Latent space of three dimensions with the training images by digit; drag it or use the "
      + `arrow keys to turn it. Class means: ${places.join("; ")}.`;
  }

  /* Lets pointer and arrow keys on a canvas change `turn`; `changed` is then called. `active`
     says whether the canvas shows the cube. */
  function turnable(canvas, turn, active, changed) {
    const by = (yaw, pitch) => {
      turn.yaw += yaw;
      turn.pitch = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, turn.pitch + pitch));
      changed();
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (active()) canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!active() || !canvas.hasPointerCapture(event.pointerId)) return;
      by(event.movementX * RADIANS_PER_PIXEL, event.movementY * RADIANS_PER_PIXEL);
    });
    canvas.addEventListener("keydown", (event) => {
      const way = KEYS[event.key];
      if (!way || !active()) return;
      event.preventDefault(); // the arrows would scroll the page
      by(way[0] * RADIANS_PER_KEY, way[1] * RADIANS_PER_KEY);
    });
  }

  trainer.cube = { draw, describe, turnable, START };
})();
