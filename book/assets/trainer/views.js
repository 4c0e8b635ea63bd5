/* The views of a run on the page, each a canvas with a text alternative, and all of them as one
   SVG picture. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});
  const { element } = trainer.dom;

  const PAPER = { width: 820, latent: 400, gap: 20, text: 44 };

  class View {
    /* `choose` gives, for a run, what draws it and the options for that. `aspect` is height over
       width. */
    constructor(name, aspect, choose) {
      this.choose = choose;
      this.aspect = aspect;
      this.canvas = element("canvas", { className: `trainer-canvas trainer-${name}` });
      this.canvas.style.aspectRatio = `1 / ${aspect}`;
      this.canvas.setAttribute("role", "img");
      this.pen = new trainer.CanvasPen(this.canvas.getContext("2d"));
    }

    draw(run, colors) {
      const { canvas } = this;
      const width = canvas.clientWidth, height = Math.round(width * this.aspect);
      const dots = window.devicePixelRatio || 1;
      const [across, down] = [Math.round(width * dots), Math.round(height * dots)];
      if (canvas.width !== across || canvas.height !== down) {
        Object.assign(canvas, { width: across, height: down });
      }
      this.pen.context.setTransform(dots, 0, 0, dots, 0, 0);
      this.pen.context.clearRect(0, 0, width, height);
      const { view, options } = this.choose(run);
      view.draw(this.pen, { width, height }, run, colors, options);
    }

    describe(run) {
      const { view, options } = this.choose(run);
      this.canvas.setAttribute("aria-label", view.describe(run, options));
    }

    /* Draws the view for paper: `width` pixels wide, from `x`, `y` on; its height. */
    onPaper(pen, run, x, y, width) {
      const height = Math.round(width * this.aspect);
      const { view, options } = this.choose(run);
      pen.group(x, y, () =>
        view.draw(pen, { width, height }, run, trainer.palettes.light, options));
      return height;
    }
  }

  /* Breaks text into lines of at most `most` signs. */
  function lines(text, most) {
    const found = [""];
    for (const word of text.split(" ")) {
      const line = found.pop();
      if (line.length + word.length < most) found.push(line ? `${line} ${word}` : word);
      else found.push(line, word);
    }
    return found;
  }

  /* The SVG text of a run: the latent view on the left, the others beside it, the words below. */
  function picture(run, [latent, ...others], words) {
    const pen = new trainer.SvgPen(), colors = trainer.palettes.light;
    const width = others.length ? PAPER.width : PAPER.latent;
    const side = PAPER.latent + PAPER.gap;
    const left = latent.onPaper(pen, run, 0, 0, PAPER.latent);
    const right = others.reduce((y, view) =>
      y + view.onPaper(pen, run, side, y, width - side) + PAPER.gap, 0);
    let y = Math.max(left, right) + PAPER.gap;
    for (const line of words.flatMap((text) => lines(text, width / 6.2))) {
      pen.text(line, 10, y, { fill: colors.text, align: "left", size: 12 });
      y += 17;
    }
    return pen.picture(width, y, colors.paper);
  }

  trainer.views = { View, picture };
})();
