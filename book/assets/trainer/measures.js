/* What is measured of the penultimate outputs: pure functions, by the definitions of
   binenc_core.metrics.encoding. `x` has P numbers an image, `labels` a class an image. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  /* Class means, and the fraction of each class's images with x > 0: C × P numbers each. */
  function classSums(x, labels, classes, dimensions) {
    const means = new Float64Array(classes * dimensions);
    const positive = new Float64Array(classes * dimensions);
    const counts = new Float64Array(classes);
    for (let image = 0; image < labels.length; image++) {
      const at = image * dimensions, to = labels[image] * dimensions;
      counts[labels[image]]++;
      for (let p = 0; p < dimensions; p++) {
        means[to + p] += x[at + p];
        if (x[at + p] > 0) positive[to + p]++;
      }
    }
    for (let i = 0; i < means.length; i++) {
      const count = counts[Math.floor(i / dimensions)];
      means[i] /= count;
      positive[i] /= count;
    }
    return { means, positive };
  }

  /* Bits that most images of a class have: C × P zeros and ones. */
  const majorityCodes = (positive) =>
    Uint8Array.from(positive, (fraction) => Number(fraction > 0.5));

  /* Fraction of the images whose whole code is their class's. */
  function codeAgreement(x, labels, codes, dimensions) {
    let agree = 0;
    for (let image = 0; image < labels.length; image++) {
      const at = image * dimensions, own = labels[image] * dimensions;
      let p = 0;
      while (p < dimensions && Number(x[at + p] > 0) === codes[own + p]) p++;
      if (p === dimensions) agree++;
    }
    return agree / labels.length;
  }

  /* Numbers of bits in which the codes of two classes differ: C × C. */
  function hammingDistances(codes, classes, dimensions) {
    const distances = new Uint8Array(classes * classes);
    for (let pair = 0; pair < distances.length; pair++) {
      const a = Math.floor(pair / classes) * dimensions, b = (pair % classes) * dimensions;
      for (let p = 0; p < dimensions; p++) distances[pair] += codes[a + p] !== codes[b + p];
    }
    return distances;
  }

  function distinctCodes(codes, classes, dimensions) {
    const rows = Array.from({ length: classes }, (_, c) =>
      codes.subarray(c * dimensions, (c + 1) * dimensions).join(""));
    return new Set(rows).size;
  }

  /* The hypercube nearest to the class means: half its edge, and how far the class means lie
     from their corners at most, over the corners' distance from the center. */
  function corners(means, classes, dimensions) {
    const amplitude = means.reduce((sum, value) => sum + Math.abs(value), 0) / means.length;
    let farthest = 0;
    for (let c = 0; c < classes; c++) {
      let square = 0;
      for (let p = 0; p < dimensions; p++) {
        square += (Math.abs(means[c * dimensions + p]) - amplitude) ** 2;
      }
      farthest = Math.max(farthest, square);
    }
    const radius = amplitude * Math.sqrt(dimensions);
    return { amplitude, distance: radius > 0 ? Math.sqrt(farthest) / radius : 0 };
  }

  /* Standard deviation of x over the images, averaged over the dimensions. */
  function spread(x, dimensions) {
    const count = x.length / dimensions;
    let total = 0;
    for (let p = 0; p < dimensions; p++) {
      let sum = 0, squares = 0;
      for (let at = p; at < x.length; at += dimensions) sum += x[at];
      for (let at = p; at < x.length; at += dimensions) squares += (x[at] - sum / count) ** 2;
      total += Math.sqrt(squares / count);
    }
    return total / dimensions;
  }

  /* Mean cosine between an image's x and the corner of the hypercube nearest in direction, that
     of its signs: 1 where all numbers of an image have one magnitude. */
  function vertexCosine(x, dimensions) {
    let total = 0, away = 0;
    for (let at = 0; at < x.length; at += dimensions) {
      let sum = 0, squares = 0;
      for (let i = at; i < at + dimensions; i++) {
        sum += Math.abs(x[i]);
        squares += x[i] * x[i];
      }
      if (!(squares > 0)) continue; // what lies at the center has no direction
      total += sum / Math.sqrt(dimensions * squares);
      away++;
    }
    return total / away;
  }

  /* The same cosine for directions that prefer no axis: √P·E|u₁| on the unit sphere. There E|u₁|
     is a ratio of Gamma functions, and its product from one P to the next is 2/(πP). */
  function chanceCosine(dimensions) {
    let mean = 1;
    for (let p = 1; p < dimensions; p++) mean = 2 / (Math.PI * p * mean);
    return Math.sqrt(dimensions) * mean;
  }

  /* All of the above, by name. */
  trainer.measures = (x, labels, classes, dimensions) => {
    const { means, positive } = classSums(x, labels, classes, dimensions);
    const codes = majorityCodes(positive);
    return {
      means, positive, codes,
      agreement: codeAgreement(x, labels, codes, dimensions),
      hamming: hammingDistances(codes, classes, dimensions),
      distinct: distinctCodes(codes, classes, dimensions),
      spread: spread(x, dimensions),
      cosine: vertexCosine(x, dimensions),
      chance: chanceCosine(dimensions),
      ...corners(means, classes, dimensions),
    };
  };
})();
