/* A small generator of pseudo-random numbers, so that a seed gives the same numbers in every
   browser (Math.random takes no seed).

   Its state walks in equal steps through all 2³² values (a Weyl sequence), and a bijective
   mixer of shifts and products turns each state into 32 bits: the 32-bit form of splitmix
   (Steele, Lea and Flood 2014). A training draws some 10⁷ numbers, far from the period. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const STEP = 0x9e3779b9; // 2³² over the golden ratio, made odd

  function mixed(bits) {
    let z = bits ^ (bits >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  class Generator {
    /* Streams of one seed start at unrelated places: what draws from one leaves the others be. */
    constructor(seed, stream) {
      this.state = mixed(mixed(seed + STEP) + Math.imul(stream + 1, STEP));
    }

    /* A number from [0, 1), a multiple of 2⁻³². */
    uniform() {
      this.state = (this.state + STEP) | 0;
      return mixed(this.state) / 4294967296;
    }

    /* Puts an array into random order, in place (Fisher and Yates). */
    shuffle(values) {
      for (let last = values.length - 1; last > 0; last--) {
        const other = Math.floor(this.uniform() * (last + 1));
        [values[last], values[other]] = [values[other], values[last]];
      }
    }
  }

  trainer.Generator = Generator;
})();
