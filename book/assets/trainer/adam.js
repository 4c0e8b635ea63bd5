/* Adam (Kingma and Ba 2014) with torch's defaults and order of operations. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;

  class Adam {
    constructor(size) {
      this.first = new Float64Array(size);
      this.second = new Float64Array(size);
      this.steps = 0;
    }

    /* One step of `parameters`, in place, against their gradient. */
    step(parameters, gradient, rate) {
      const { first, second } = this;
      this.steps++;
      const size = rate / (1 - BETA1 ** this.steps);
      const correction = Math.sqrt(1 - BETA2 ** this.steps);
      for (let i = 0; i < parameters.length; i++) {
        const slope = gradient[i];
        const mean = (first[i] += (1 - BETA1) * (slope - first[i]));
        const square = (second[i] = BETA2 * second[i] + (1 - BETA2) * slope * slope);
        parameters[i] -= (size * mean) / (Math.sqrt(square) / correction + EPSILON);
      }
    }
  }

  trainer.Adam = Adam;
})();
