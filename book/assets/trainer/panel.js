/* One trainer on the page: a run, the controls that change it, the views that show it, and the
   loop that trains in slices between two frames. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});
  const { element } = trainer.dom;
  const { View, picture } = trainer.views;

  const EPOCHS = 150; // of a training, and of each continuation
  const SLICE = 12; // ms of training in a frame of 16
  const ASIDE = 4; // frames between two drawings of the views beside the latent space
  const NEWS = 5000; // ms between two announcements to a screen reader while training
  const TEMPOS = {
    5: "5 epochs a second", 30: "30 epochs a second", Infinity: "as fast as possible",
  };
  const COLUMNS = [
    "epoch", "gamma", "loss", "train", "test", "agreement", "distinct", "distance", "spread",
    "cosine",
  ];
  const HEADER = "epoch,gamma,training_loss,train_accuracy,test_accuracy,code_agreement,"
    + "distinct_codes,corner_distance,latent_std,vertex_cosine";
  const HINT = "Trained anew: a switch half-way hardly moves a code that is already written.";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const button = (textContent, act) => {
    const made = element("button", { type: "button", textContent });
    made.addEventListener("click", act);
    return made;
  };

  class Panel {
    constructor(box) {
      this.box = box;
      this.body = box.querySelector(".trainer-body");
      this.compact = "compact" in box.dataset;
      this.state = "new"; // then running, paused, finished or diverged
      this.tempo = 30;
      this.pair = [0, 1];
      this.turn = { ...trainer.cube.START };
      this.visible = false;
      this.frames = 0;
      this.frame = this.frame.bind(this);
      this.choose(box.dataset.preset);
      this.build();
      this.reset();
    }

    // ---- What is on the page -----------------------------------------------------------------

    build() {
      const change = (settings) => this.change(settings);
      const fixed = (view) => () => ({ view, options: { epochs: this.goal } });
      this.latent = new View("latent", 1, (run) => this.latentView(run));
      this.others = this.compact ? [] : [
        new View("curves", 0.42, fixed(trainer.curves)),
        new View("codes", 0.5, fixed(trainer.codes)),
        new View("histograms", 0.36, fixed(trainer.histograms)),
      ];
      trainer.cube.turnable(this.latent.canvas, this.turn, () => this.isCube, () => this.draw());
      this.start = button("Start", () => this.toggle());
      this.gamma = trainer.controls.gamma(change);
      this.status = element("p", { className: "trainer-status" });
      this.news = element("p", { className: "trainer-news" });
      this.news.setAttribute("role", "status"); // polite
      if (this.compact) this.buildCompact();
      else this.buildWhole(change);
      this.offerData();
    }

    buildCompact() {
      const link = element("a", {
        href: this.box.dataset.page, textContent: "Change digits, network and protocol",
      });
      const optimizer = trainer.controls.optimizer((settings) => this.change(settings));
      this.shown = [this.gamma, optimizer];
      this.body.replaceChildren(this.latent.canvas, this.gamma.element, optimizer.element,
        element("div", { className: "trainer-buttons" }, this.start, link), this.status, this.news);
    }

    buildWhole(change) {
      const { controls } = trainer;
      this.presets = controls.presets((name) => {
        this.choose(name);
        this.restart(true);
      });
      const network = controls.network(change);
      this.digits = controls.digits(change);
      this.shown = [this.gamma, this.digits, network];
      const tempo = controls.choice("Tempo", TEMPOS, () => this.tempo, (value) => {
        this.tempo = Number(value);
      });
      tempo.show();
      this.axes = element("div", { className: "trainer-fields trainer-axes" });
      const details = element("details", { className: "trainer-more" },
        element("summary", { textContent: "Network, protocol, seed" }), network.element,
        tempo.element);
      this.hint = element("p", { className: "trainer-hint", textContent: HINT });
      this.caption = element("p", { className: "trainer-setting" });
      const buttons = element("div", { className: "trainer-buttons" }, this.start,
        button("Step", () => this.step()), button("Reset", () => this.reset()));
      this.body.replaceChildren(this.presets.element, this.hint,
        element("div", { className: "trainer-stage" },
        element("div", {}, this.latent.canvas, this.axes),
        element("div", { className: "trainer-desk" }, buttons, this.gamma.element, this.status,
          this.digits.element, details, this.others[0].canvas)),
      element("div", { className: "trainer-stage" }, this.others[1].canvas, this.others[2].canvas),
      this.news, this.caption);
    }

    /* Beside the links under the figure: what was trained here is on no server. */
    offerData() {
      const name = `${this.box.dataset.name}.csv`;
      this.box.querySelector(".book-links").prepend(
        button("Data (CSV)", () => window.bookSave(this.csv(), name, "text/csv")));
    }

    /* One select for each axis of the plane, where there are more than two dimensions. */
    showAxes() {
      if (!this.axes) return;
      const { dimensions } = this.run;
      this.pair = [0, 1];
      const options = Array.from({ length: dimensions }, (_, p) => `x${p + 1}`);
      const axis = (name, index) => {
        const made = trainer.controls.choice(name, options, () => this.pair[index], (value) => {
          this.pair[index] = Number(value);
          this.draw();
          this.describe();
        });
        made.show();
        return made.element;
      };
      this.axes.replaceChildren(...(dimensions > 3 ? [axis("Across", 0), axis("Up", 1)] : []));
    }

    // ---- What the reader does ----------------------------------------------------------------

    choose(name) {
      this.settings = { ...trainer.PRESETS[name].settings };
      this.box.dataset.preset = name;
      this.preset = name;
    }

    change(settings) {
      Object.assign(this.settings, settings);
      if (!("gamma" in settings)) {
        this.preset = null;
        this.restart(["running", "finished", "diverged"].includes(this.state));
        return;
      }
      // γ acts on the network as it is; one that was done goes on, to show what changes.
      this.show();
      if (this.state === "finished") this.go();
      else this.tell();
    }

    /* Settings from an address: trained anew, where they are others. */
    take(settings) {
      const wanted = { ...this.settings, ...settings };
      if (JSON.stringify(wanted) === JSON.stringify(this.settings)) return;
      this.settings = wanted;
      this.preset = null;
      this.restart(this.state !== "new");
    }

    toggle() {
      if (this.state === "running") this.pause();
      else this.go();
    }

    go() {
      if (this.run.diverged) this.reset();
      if (this.run.epoch >= this.goal) this.goal = this.run.epoch + EPOCHS;
      this.due = performance.now();
      this.enter("running");
      this.wake();
    }

    pause() {
      this.enter("paused");
      this.update();
    }

    step() {
      this.enter("paused");
      while (!this.run.advance(Infinity));
      this.goal = Math.max(this.goal, this.run.epoch);
      if (this.run.diverged) this.enter("diverged");
      this.update();
    }

    reset() {
      this.run = new trainer.Run(this.settings);
      this.goal = EPOCHS;
      this.enter("new");
      this.showAxes();
      this.show();
      this.update();
    }

    restart(going) {
      this.reset();
      if (going) this.go();
    }

    // ---- Training ----------------------------------------------------------------------------

    enter(state) {
      this.state = state;
      this.box.dataset.training = state;
      const words = { running: "Pause", new: "Start" };
      this.start.textContent = words[state] || (state === "diverged" ? "Start anew" : "Continue");
      this.spoken = 0;
    }

    wake() {
      if (this.waiting || this.state !== "running" || !this.visible) return;
      this.waiting = true;
      requestAnimationFrame(this.frame);
    }

    frame() {
      this.waiting = false;
      if (this.state !== "running" || !this.visible) return;
      const before = this.run.epoch, end = performance.now() + SLICE;
      const done = () => this.run.diverged || this.run.epoch >= this.goal;
      for (let now = performance.now(); now < end && !done(); now = performance.now()) {
        if (!this.isDue(now)) break;
        if (this.run.advance(end - now)) this.due += 1000 / this.tempo;
      }
      if (done()) {
        this.enter(this.run.diverged ? "diverged" : "finished");
        this.update();
        return;
      }
      if (this.run.epoch > before) {
        this.tell();
        if (!calm.matches) this.draw(this.frames++ % ASIDE === 0);
      }
      this.wake();
    }

    /* Whether the tempo lets the next epoch begin. Time that was lost is not made up for. */
    isDue(now) {
      if (calm.matches || this.tempo === Infinity) return true;
      this.due = Math.max(this.due, now - 1000 / this.tempo);
      return now >= this.due;
    }

    // ---- Showing it --------------------------------------------------------------------------

    get isCube() {
      return this.run.dimensions === 3;
    }

    latentView(run) {
      return this.isCube
        ? { view: trainer.cube, options: { turn: this.turn } }
        : { view: trainer.plane, options: { dimensions: this.pair } };
    }

    get views() {
      return [this.latent, ...this.others];
    }

    draw(all = true) {
      if (!this.latent.canvas.clientWidth) return; // not laid out, or hidden
      const colors = trainer.palette();
      if (all && this.digits) this.digits.paint(colors);
      for (const view of all ? this.views : [this.latent]) view.draw(this.run, colors);
    }

    describe() {
      for (const view of this.views) view.describe(this.run);
    }

    /* Where the run stands. Which way x points is for the page that explains it. Without motion no
       words run ahead of the picture. */
    get words() {
      if (calm.matches && this.state === "running") {
        return `Epoch ${this.run.epoch} of ${this.goal}; drawn at the end.`;
      }
      return trainer.status(this.run, this.goal)
        + (this.compact ? "" : trainer.direction(this.run));
    }

    /* The words; to a screen reader at most every few seconds, and when the state changes. */
    tell() {
      const { words } = this;
      this.status.textContent = words;
      if (this.caption) this.caption.textContent = trainer.sentence(this.run);
      const now = performance.now();
      if (this.spoken && now - this.spoken < NEWS) return;
      this.spoken = now;
      this.news.textContent = words;
    }

    update() {
      this.spoken = 0;
      this.tell();
      this.draw();
      this.describe();
      // Who wants no motion is first shown the end of the training.
      if (!calm.matches || this.state !== "new") this.box.dataset.state = "ready";
    }

    show() {
      for (const control of this.shown) control.show(this.settings);
      if (this.presets) this.presets.show(this.preset);
      if (this.hint) this.hint.hidden = this.settings.optimizer === "adam";
      const { canvas } = this.latent;
      canvas.classList.toggle("trainer-turnable", this.isCube);
      if (this.isCube) canvas.tabIndex = 0;
      else canvas.removeAttribute("tabindex");
      if (this.caption) this.caption.textContent = trainer.sentence(this.run);
    }

    // ---- For the reader to keep --------------------------------------------------------------

    csv() {
      const rows = this.run.history.map((row) =>
        COLUMNS.map((name) => (Number.isNaN(row[name]) ? "" : row[name])).join(","));
      return `${[HEADER, ...rows].join("\n")}\n`;
    }

    picture() {
      const words = [this.words, trainer.sentence(this.run)];
      return picture(this.run, this.views, words);
    }
  }

  trainer.Panel = Panel;
})();
