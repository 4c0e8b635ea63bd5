/* The optimizers, by the definitions of binenc_core.training.optimizers and in torch's order of operations.
   Each keeps its state for a fixed number of parameters, and steps them in place against their
   gradient. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;
  const MOMENTUM = 0.9;

  /* Kingma and Ba (2014). */
  class Adam {
    constructor(size) {
      this.first = new Float64Array(size);
      this.second = new Float64Array(size);
      this.steps = 0;
    }

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

  /* Steps along the gradient's running sum, or along what `direction` makes of each of its
     numbers. */
  class Momentum {
    constructor(size, direction) {
      this.sum = new Float64Array(size);
      this.direction = direction;
    }

    step(parameters, gradient, rate) {
      const { sum, direction } = this;
      for (let i = 0; i < parameters.length; i++) {
        sum[i] = MOMENTUM * sum[i] + gradient[i];
        parameters[i] -= rate * direction(sum[i]);
      }
    }
  }

  /* By the core's names. A gradient is much smaller than its sign, so SGD needs the larger learning
     rate: `factor` times the one that is set. */
  const OPTIMIZERS = {
    adam: { label: "Adam", factor: 1, make: (size) => new Adam(size) },
    sgd: { label: "SGD", factor: 100, make: (size) => new Momentum(size, (value) => value) },
    signsgd: { label: "signSGD", factor: 1, make: (size) => new Momentum(size, Math.sign) },
  };

  /* What trains a network: its classifier has the optimizer of that name, all before it Adam. */
  class Optimizers {
    constructor(network, name) {
      const { before, classifier } = network.parts;
      const member = ({ make, factor }, { parameters, gradient }) =>
        ({ parameters, gradient, factor, optimizer: make(parameters.length) });
      this.members = [member(OPTIMIZERS.adam, before), member(OPTIMIZERS[name], classifier)];
    }

    step(rate) {
      for (const { parameters, gradient, factor, optimizer } of this.members) {
        optimizer.step(parameters, gradient, factor * rate);
      }
    }
  }

  Object.assign(trainer, { MOMENTUM, OPTIMIZERS, Optimizers });
})();
