/* Elements of the page. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const SVG = "http://www.w3.org/2000/svg";

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  /* A digit's marker, as in the views; its color is the style --digit. */
  function marker(digit) {
    const picture = document.createElementNS(SVG, "svg");
    const shape = document.createElementNS(SVG, "polygon");
    const points = trainer.SHAPES[digit].map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`);
    shape.setAttribute("points", points.join(" "));
    picture.setAttribute("viewBox", "-1.2 -1.2 2.4 2.4");
    picture.setAttribute("aria-hidden", "true");
    picture.append(shape);
    return picture;
  }

  trainer.dom = { element, marker };
})();
