/* The 8×8 digits as arrays, and the part of them that has the chosen digits. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const PIXELS = 64;
  const LARGEST = 16; // value of a white pixel
  const DIGITS = "0123456789abcdefg"; // a pixel is one, to the base 17

  /* Pixels in [-1, 1], as binenc_core.dataset has them; exact. */
  function decoded({ pixels, labels }) {
    const levels = new Float64Array(pixels.length);
    for (let i = 0; i < levels.length; i++) {
      levels[i] = DIGITS.indexOf(pixels[i]) / (LARGEST / 2) - 1;
    }
    return { pixels: levels, labels: Uint8Array.from(labels, Number) };
  }

  function chosen({ pixels, labels }, digits) {
    const rows = [...labels.keys()].filter((row) => digits.includes(labels[row]));
    const own = new Float64Array(rows.length * PIXELS);
    const image = (row) => pixels.subarray(row * PIXELS, (row + 1) * PIXELS);
    rows.forEach((row, at) => own.set(image(row), at * PIXELS));
    return { pixels: own, labels: Uint8Array.from(rows, (row) => digits.indexOf(labels[row])) };
  }

  let all = null; // decoding takes some milliseconds, once a page

  /* Training and test images of some digits, in ascending order; classes are numbered from 0. */
  trainer.digits = (digits) => {
    all = all || {
      train: decoded(trainer.digitsData.train), test: decoded(trainer.digitsData.test),
    };
    return { train: chosen(all.train, digits), test: chosen(all.test, digits) };
  };
  trainer.PIXELS = PIXELS;
})();
