/* Colors of the page's two themes and of paper, and a marker shape for each digit. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  // Okabe and Ito's, the yellow darkened for white paper, and two of Tol's; a digit has a shape
  // and a label too, as no ten colors are told apart by everybody.
  const light = {
    text: "#1f2a37", muted: "#5a6470", line: "#8a939e", faint: "#e3e6ea", paper: "#ffffff",
    plus: "#0072b2", minus: "#f3c9a8", plusText: "#ffffff", minusText: "#1f2a37",
    train: "#0072b2", test: "#d55e00", agreement: "#009e73",
    digits: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#a89a00", "#444c56",
      "#882255", "#6f5fc9"],
  };
  const dark = {
    text: "#e6e8eb", muted: "#aab2bd", line: "#7c8591", faint: "#3a3f47", paper: "#14181e",
    plus: "#56b4e9", minus: "#5f3b20", plusText: "#14181e", minusText: "#e6e8eb",
    train: "#56b4e9", test: "#e8833a", agreement: "#2fc79a",
    digits: ["#56b4e9", "#e8833a", "#2fc79a", "#e39ac6", "#f0b93a", "#9fd8ff", "#f0e442", "#c3c9d1",
      "#e0709f", "#a89bff"],
  };

  const polygon = (corners, turn = 0) => Array.from({ length: corners }, (_, k) => {
    const angle = ((k + turn) / corners) * 2 * Math.PI - Math.PI / 2;
    return [Math.cos(angle), Math.sin(angle)];
  });
  const star = (points, inner) => polygon(2 * points)
    .map(([x, y], k) => (k % 2 ? [inner * x, inner * y] : [x, y]));
  const plus = [[-1, -0.4], [-0.4, -0.4], [-0.4, -1], [0.4, -1], [0.4, -0.4], [1, -0.4], [1, 0.4],
    [0.4, 0.4], [0.4, 1], [-0.4, 1], [-0.4, 0.4], [-1, 0.4]];
  const cross = plus.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);
  const bar = [[-0.4, -1.1], [0.4, -1.1], [0.4, 1.1], [-0.4, 1.1]];

  trainer.SHAPES = [
    polygon(8, 0.5), bar, polygon(3), polygon(4, 0.5), polygon(4), cross, polygon(3, 1.5), plus,
    star(5, 0.45), polygon(5),
  ];
  trainer.palettes = { light, dark };
  trainer.palette = () => (document.documentElement.dataset.theme === "dark" ? dark : light);
})();
