/* The classifier of binenc_core.models, small: dense layers with ReLU and dropout, a penultimate
   layer that depends on the head, a linear classifier. Forward and backward over a batch.

   Three quarters of the hidden units are zero while dropout acts, half of them otherwise, and half
   of the pixels are background. So every layer gets a list of the inputs that are not, and passes
   over the others: this makes it quick. Weights lie input by input for it, transposed from torch's
   order. The background is not zero but −1: pixels are taken relative to it, and what an image of
   background alone would give is added once for a batch. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const BACKGROUND = -1; // a pixel's value where nothing is written
  const DROPOUT_AFTER = 2; // hidden layers, counted from the images, that dropout follows

  /* What the units of one layer hold for each image of a batch. `active` lists, image by image,
     the units that are not zero; `counts` says how many they are. */
  function units(batch, size) {
    return {
      size,
      values: new Float64Array(batch * size),
      slopes: new Float64Array(batch * size), // of the loss
      active: new Int32Array(batch * size),
      counts: new Int32Array(batch),
    };
  }

  function allActive(layer, batch) {
    for (let image = 0; image < batch; image++) {
      layer.counts[image] = layer.size;
      for (let unit = 0; unit < layer.size; unit++) layer.active[image * layer.size + unit] = unit;
    }
    return layer;
  }

  /* out = bias + Σ value · weight over the active inputs, for one image. Four inputs at a time:
     each output is then read and written a quarter as often. */
  function affine(weights, bias, size, values, at, active, from, count, out, to) {
    for (let j = 0; j < size; j++) out[to + j] = bias[j];
    let k = from;
    const end = from + count;
    for (; k + 3 < end; k += 4) {
      const i0 = active[k], i1 = active[k + 1], i2 = active[k + 2], i3 = active[k + 3];
      const v0 = values[at + i0], v1 = values[at + i1];
      const v2 = values[at + i2], v3 = values[at + i3];
      const r0 = i0 * size, r1 = i1 * size, r2 = i2 * size, r3 = i3 * size;
      for (let j = 0; j < size; j++) {
        out[to + j] += v0 * weights[r0 + j] + v1 * weights[r1 + j]
          + v2 * weights[r2 + j] + v3 * weights[r3 + j];
      }
    }
    for (; k < end; k++) {
      const value = values[at + active[k]], row = active[k] * size;
      for (let j = 0; j < size; j++) out[to + j] += value * weights[row + j];
    }
  }

  /* ReLU and dropout of one image's units, in place; lists those that remain. `masks` has 1 for
     each unit that dropout keeps, or is null where it does not act. */
  function rectify(layer, image, masks, maskAt, scale) {
    const { values, active, size } = layer;
    const at = image * size;
    let count = 0;
    for (let unit = 0; unit < size; unit++) {
      const value = values[at + unit];
      // `not ≤ 0` rather than `> 0`: what is not a number must not vanish here.
      if (!(value <= 0) && (masks === null || masks[maskAt + unit])) {
        values[at + unit] = value * scale;
        active[at + count++] = unit;
      } else values[at + unit] = 0;
    }
    layer.counts[image] = count;
  }

  /* Adds one image's share to the gradients of weights and biases, and gives the slopes of the
     active inputs, scaled, unless they are not wanted. */
  function affineBackward(gradient, weights, size, input, inputAt, image, output, scale, wanted) {
    const { active, slopes } = output;
    const from = image * output.size, end = from + output.counts[image];
    const firstInput = image * input.size, lastInput = firstInput + input.counts[image];
    const bias = gradient.bias, matrix = gradient.weights;
    for (let k = from; k < end; k++) bias[active[k]] += slopes[from + active[k]];
    for (let l = firstInput; l < lastInput; l++) {
      const unit = input.active[l], row = unit * size, value = input.values[inputAt + unit];
      if (!wanted) {
        for (let k = from; k < end; k++) {
          const j = active[k];
          matrix[row + j] += value * slopes[from + j];
        }
        continue;
      }
      let sum = 0;
      for (let k = from; k < end; k++) {
        const j = active[k], slope = slopes[from + j];
        sum += weights[row + j] * slope;
        matrix[row + j] += value * slope;
      }
      input.slopes[firstInput + unit] += sum * scale;
    }
  }

  class Network {
    /* `hidden` are the sizes of the hidden layers, `latent` is P, `batch` the most images that
       are passed at once. Weights are zero until `initialize` or `load`. */
    constructor({ inputs, hidden, latent, classes, head, dropout, batch }) {
      this.head = head;
      this.batch = batch;
      this.scale = 1 / (1 - dropout);
      const sizes = [inputs, ...hidden, ...(head === "none" ? [] : [latent]), classes];
      this.hiddenUnits = hidden.slice(0, DROPOUT_AFTER).reduce((sum, size) => sum + size, 0);
      const total = sizes.slice(1).reduce((sum, size, i) => sum + (sizes[i] + 1) * size, 0);
      this.parameters = new Float64Array(total);
      this.gradient = new Float64Array(total);
      let at = 0;
      this.layers = sizes.slice(1).map((size, index) => {
        const own = (all) => ({
          weights: all.subarray(at, at + sizes[index] * size),
          bias: all.subarray(at + sizes[index] * size, at + (sizes[index] + 1) * size),
        });
        const layer = {
          inputs: sizes[index], size, ...own(this.parameters), gradient: own(this.gradient),
          // The layers before the penultimate are rectified, and it too under one head.
          rectified: index < hidden.length || (head === "nonlinear" && index === hidden.length),
          dropped: index < Math.min(hidden.length, DROPOUT_AFTER),
          output: allActive(units(batch, size), batch),
        };
        at += (sizes[index] + 1) * size;
        return layer;
      });
      this.images = units(batch, inputs);
      this.ground = new Float64Array(sizes[1]);
      this.x = this.layers[this.layers.length - 2].output; // the penultimate output
      this.logits = this.layers[this.layers.length - 1].output;
    }

    /* All parameters with their gradient, in two parts: of the classifier, and before it. */
    get parts() {
      const { inputs, size } = this.layers[this.layers.length - 1];
      const from = this.parameters.length - (inputs + 1) * size;
      const part = (begin, end) => ({
        parameters: this.parameters.subarray(begin, end),
        gradient: this.gradient.subarray(begin, end),
      });
      return { before: part(0, from), classifier: part(from) };
    }

    /* Uniform in ±1/√(number of inputs), as torch's Linear. `backbone` and `ending` are the
       generators of the hidden layers and of the rest: heads differ in the latter alone. */
    initialize(backbone, ending) {
      const hidden = this.layers.length - (this.head === "none" ? 1 : 2);
      this.layers.forEach(({ inputs, weights, bias }, index) => {
        const generator = index < hidden ? backbone : ending;
        const bound = 1 / Math.sqrt(inputs);
        for (const part of [weights, bias]) {
          for (let i = 0; i < part.length; i++) part[i] = (2 * generator.uniform() - 1) * bound;
        }
      });
    }

    /* Takes weights in torch's order: for each layer its rows, one an output, and its bias. */
    load(layers) {
      layers.forEach(({ rows, bias }, index) => {
        const layer = this.layers[index];
        rows.forEach((row, j) => row.forEach((value, i) => {
          layer.weights[i * layer.size + j] = value;
        }));
        layer.bias.set(bias);
      });
    }

    /* What the first layer gives for an image of background alone. */
    findGround() {
      const { weights, bias, size } = this.layers[0];
      this.ground.set(bias);
      for (let row = 0; row < weights.length; row += size) {
        for (let j = 0; j < size; j++) this.ground[j] += BACKGROUND * weights[row + j];
      }
    }

    /* Takes the pixels of one image, relative to the background. */
    take(pixels, from, image) {
      const { values, active, counts, size } = this.images;
      const at = image * size;
      let count = 0;
      for (let i = 0; i < size; i++) {
        const value = pixels[from + i] - BACKGROUND;
        values[at + i] = value;
        if (value !== 0) active[at + count++] = i;
      }
      counts[image] = count;
    }

    /* Passes images through: `pixels` holds all, `order` numbers those of the batch from `start`
       on. Fills `x` and `logits`. `masks` has `hiddenUnits` bytes an image, or is null. */
    forward(pixels, order, start, count, masks = null) {
      this.findGround();
      for (let image = 0; image < count; image++) {
        this.take(pixels, order[start + image] * this.images.size, image);
        let input = this.images, maskAt = image * this.hiddenUnits;
        for (const { weights, bias, size, output, rectified, dropped } of this.layers) {
          const at = image * input.size;
          affine(weights, input === this.images ? this.ground : bias, size, input.values, at,
            input.active, at, input.counts[image], output.values, image * size);
          if (rectified) {
            const acts = dropped && masks !== null;
            rectify(output, image, acts ? masks : null, maskAt, acts ? this.scale : 1);
            if (dropped) maskAt += size;
          }
          input = output;
        }
      }
    }

    /* Fills `gradient` from the slopes of the loss: those in `logits.slopes` as they are, those
       in `x.slopes` beside what comes through the classifier. */
    backward(count, masks = null) {
      this.gradient.fill(0);
      const last = this.layers.length - 1;
      for (let index = 0; index < last - 1; index++) this.layers[index].output.slopes.fill(0);
      for (let image = 0; image < count; image++) {
        for (let index = last; index >= 0; index--) {
          const layer = this.layers[index];
          const input = index ? this.layers[index - 1].output : this.images;
          const scale = index && this.layers[index - 1].dropped && masks !== null ? this.scale : 1;
          affineBackward(layer.gradient, layer.weights, layer.size, input, image * input.size,
            image, layer.output, scale, index > 0);
        }
      }
      const { weights, bias } = this.layers[0].gradient;
      for (let row = 0; row < weights.length; row += bias.length) {
        for (let j = 0; j < bias.length; j++) weights[row + j] += BACKGROUND * bias[j];
      }
    }
  }

  trainer.Network = Network;
})();
