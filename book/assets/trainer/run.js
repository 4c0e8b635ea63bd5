/* One training: network, data, optimizers and random numbers, from settings and a seed. It is
   done in small pieces, so that a page can draw and listen between them. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const HIDDEN = [64, 64], BATCH = 64, DROPOUT = 0.5;
  const DROPOUT_EPOCHS = {
    every: () => true, first: (epoch) => epoch === 0, none: () => false,
  };
  const STREAMS = { backbone: 0, ending: 1, order: 2, dropout: 3 };

  const allFinite = (values, count) => {
    for (let i = 0; i < count; i++) if (!Number.isFinite(values[i])) return false;
    return true;
  };

  class Run {
    /* `settings` has digits, latent, head, gamma, penalty, softmax, dropoutEpochs, rate, seed, and
       `optimizer`, the classifier's. Its `gamma` may be changed while the run goes on; it acts from
       the next batch. */
    constructor(settings) {
      this.settings = settings;
      this.data = trainer.digits(settings.digits);
      this.classes = settings.digits.length;
      const generator = (name) => new trainer.Generator(settings.seed, STREAMS[name]);
      this.network = new trainer.Network({
        inputs: trainer.PIXELS, hidden: HIDDEN, latent: settings.latent, classes: this.classes,
        head: settings.head, dropout: DROPOUT, batch: BATCH,
      });
      this.network.initialize(generator("backbone"), generator("ending"));
      this.optimizers = new trainer.Optimizers(this.network, settings.optimizer);
      this.shuffle = generator("order");
      this.drop = generator("dropout");
      this.masks = new Uint8Array(BATCH * this.network.hiddenUnits);
      this.order = Int32Array.from(this.data.train.labels.keys());
      this.inOrder = {
        train: this.order.slice(), test: Int32Array.from(this.data.test.labels.keys()),
      };
      this.dimensions = this.network.x.size;
      this.epoch = 0; // epochs done
      this.diverged = false;
      this.history = [];
      // Two sets of outputs: one is drawn while the other is filled.
      this.x = new Float64Array(this.order.length * this.dimensions);
      this.nextX = new Float64Array(this.x.length);
      this.finish(this.evaluation());
      this.work = this.epochs();
    }

    /* γ of the next batch: without the binary head there is no penalty. */
    get gamma() {
      return this.settings.head === "binary" ? this.settings.gamma : 0;
    }

    /* Trains on until an epoch is done or the time, ms, is over; whether an epoch is done. */
    advance(milliseconds) {
      const end = performance.now() + milliseconds;
      while (!this.diverged) {
        if (this.work.next().value) return true;
        if (performance.now() >= end) return false;
      }
      return true;
    }

    /* One step on the images that `order` numbers from `start` on. */
    trainBatch(order, start, count, masks) {
      const { network, settings, data: { train } } = this;
      network.forward(train.pixels, order, start, count, masks);
      const found = trainer.totalLoss(network, train.labels, order, start, count, {
        gamma: this.gamma, penalty: settings.penalty, softmax: settings.softmax,
      });
      if (!Number.isFinite(found.loss)) return found;
      network.backward(count, masks);
      this.optimizers.step(settings.rate);
      return found;
    }

    drawnMasks() {
      const { masks, drop } = this;
      for (let i = 0; i < masks.length; i++) masks[i] = drop.uniform() >= DROPOUT ? 1 : 0;
      return masks;
    }

    /* The endless work, in pieces of one batch; yields whether an epoch is done. */
    * epochs() {
      for (;;) {
        const { order, settings } = this;
        const dropping = DROPOUT_EPOCHS[settings.dropoutEpochs](this.epoch);
        let loss = 0;
        this.shuffle.shuffle(order);
        for (let start = 0; start < order.length; start += BATCH) {
          const count = Math.min(BATCH, order.length - start);
          const masks = dropping ? this.drawnMasks() : null;
          loss += this.trainBatch(order, start, count, masks).loss * count;
          if (!Number.isFinite(loss)) {
            this.diverged = true;
            return;
          }
          yield false;
        }
        const pieces = this.evaluation();
        for (let piece = pieces.next(); !piece.done; piece = pieces.next()) yield false;
        this.epoch++;
        this.finish(pieces, loss / order.length);
        yield true;
      }
    }

    /* Passes all images through the network without dropout, a batch a piece; fills `nextX` and
       `hits`. */
    * evaluation() {
      const { network, dimensions, data } = this;
      this.hits = { train: 0, test: 0 };
      for (const split of ["train", "test"]) {
        const { pixels, labels } = data[split];
        for (let start = 0; start < labels.length; start += BATCH) {
          const count = Math.min(BATCH, labels.length - start);
          network.forward(pixels, this.inOrder[split], start, count);
          for (let image = 0; image < count; image++) {
            const at = image * this.classes;
            const found = trainer.largestAt(network.logits.values, at, this.classes);
            if (found === labels[start + image]) this.hits[split]++;
          }
          if (split === "train") {
            this.nextX.set(network.x.values.subarray(0, count * dimensions), start * dimensions);
          }
          yield;
        }
      }
    }

    /* Ends an epoch: measures what `evaluation` found and records it, or says that the training
       has diverged. `loss` is the mean over the epoch, in training mode. */
    finish(evaluation, loss = NaN) {
      while (!evaluation.next().done);
      if (!allFinite(this.nextX, this.nextX.length)) {
        this.diverged = true;
        return;
      }
      [this.x, this.nextX] = [this.nextX, this.x];
      const { train, test } = this.data;
      this.found = trainer.measures(this.x, train.labels, this.classes, this.dimensions);
      this.history.push({
        epoch: this.epoch,
        gamma: this.gamma,
        loss,
        train: this.hits.train / train.labels.length,
        test: this.hits.test / test.labels.length,
        agreement: this.found.agreement,
        distinct: this.found.distinct,
        distance: this.found.distance,
        spread: this.found.spread,
        cosine: this.found.cosine,
      });
    }

    get latest() {
      return this.history[this.history.length - 1];
    }

    /* Nothing is learned: all images lie near zero, or closer than the penalty can tell apart,
       and the test accuracy is near that of guessing. */
    get collapsed() {
      const { test, spread } = this.latest;
      return this.gamma > 0 && this.epoch > 0 && spread < 0.1 && test < 1.5 / this.classes;
    }
  }

  Object.assign(trainer, { Run, HIDDEN, BATCH, DROPOUT });
})();
