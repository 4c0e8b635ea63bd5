/* The γ explorer (.book-explorer, see _ext/explorer_mime.py): what a sweep over γ did, under
   native sliders. Its data come in a script of their own (window.bookExplorers); colors and small
   helpers are those of book-plotly.js. */
(() => {
  "use strict";

  const { config, element, playable, stepper, templates, theme } = window.bookPlotly;

  // ---- The data, as replication/figures/gamma/gamma_explorer.py packs them -------------------------

  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const finite = (values) => values.filter(Number.isFinite);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  function table(csv) {
    const [head, ...lines] = csv.trim().split("\n").map((line) => line.split(","));
    const key = (gamma, seed, epoch, split) => [gamma, seed, epoch, split].join(" ");
    const rows = new Map(lines.map((cells) => {
      const row = Object.fromEntries(head.map((name, i) => [name, cells[i]]));
      return [key(Number(row.gamma), row.seed, row.epoch, row.split), row];
    }));
    return (gamma, seed, epoch, split, metric) => {
      const cell = (rows.get(key(gamma, seed, epoch, split)) || {})[metric];
      return cell ? Number(cell) : NaN;
    };
  }

  function unpack(source) {
    const { gammas, epochs, seeds, classes, dimensions, bins, range } = source;
    const histograms = bytes(source.histograms);
    const fractions = bytes(source.positive_fractions);
    const scale = new Float32Array(bytes(source.scale).buffer);
    const value = table(source.csv);
    const place = (g, e) => g * epochs.length + e;
    const step = (range[1] - range[0]) / bins;
    const moments = (g, e, d) => {
      const at = place(g, e) * dimensions + d;
      return { mean: scale[at], std: scale[scale.length / 2 + at] };
    };
    return {
      ...source,
      // A metric in every seed; NaN where a run did not get there.
      values: (g, e, split, metric) =>
        seeds.map((seed) => value(gammas[g], seed, epochs[e], split, metric)),
      moments,
      // Standardizing undone: centers and width of the bars in units of x.
      histogram: (g, e, d) => {
        const start = (place(g, e) * dimensions + d) * bins;
        const counts = Array.from(histograms.subarray(start, start + bins));
        const total = counts.reduce((sum, count) => sum + count, 0);
        const { mean: middle, std } = moments(g, e, d);
        return {
          x: counts.map((_, i) => middle + std * (range[0] + (i + 0.5) * step)),
          y: counts.map((count) => count / total),
          width: std * step,
        };
      },
      // Fraction of a class's points with x > 0: a row for each class; null without values.
      fractions: (g, e) => {
        if (!Number.isFinite(moments(g, e, 0).std)) return null;
        const start = place(g, e) * classes * dimensions;
        return Array.from({ length: classes }, (_, c) => Array.from(
          fractions.subarray(start + c * dimensions, start + (c + 1) * dimensions), (f) => f / 255,
        ));
      },
    };
  }

  const hamming = (codes) => codes.map((one, i) => codes.map((other, j) =>
    (i === j ? null : one.reduce((sum, f, d) => sum + ((f > 0.5) !== (other[d] > 0.5)), 0))));

  // ---- Numbers in words ---------------------------------------------------------------------

  const superscript = (digits) =>
    [...digits].map((one) => (one === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[one])).join("");
  function number(value, precision = 3) {
    if (!Number.isFinite(value)) return "–";
    const [digits, power] = (value && Math.abs(value) < 1e-3 ? value.toExponential(precision - 1)
      : String(Number(value.toPrecision(precision)))).split("e");
    return digits.replace("-", "−") + (power ? `·10${superscript(power.replace("+", ""))}` : "");
  }
  const percent = (value) => (Number.isFinite(value) ? `${(100 * value).toFixed(2)} %` : "–");

  const QUANTITIES = [
    ["Test accuracy", "test", "accuracy", percent],
    ["Training accuracy", "train", "accuracy", percent],
    ["Whole-code agreement", "train", "whole_code_agreement", percent],
    ["Distinct codes", "train", "distinct_codes", number],
    ["Hamming distance, mean", "train", "hamming_mean", number],
    ["Hamming distance, smallest", "train", "hamming_min", number],
    ["GMM score", "train", "gmm_score", number],
    ["GMM std", "train", "gmm_std", number],
    ["Peak separation", "train", "peak_separation", number],
    ["Size of x (root mean square)", "train", "x_rms", number],
  ];

  // ---- The views: what each shows of the data, given where the sliders stand -----------------

  const colors = (medium) => {
    const { colorway, font, hoverlabel, xaxis } = templates[medium].layout;
    const [blue, orange, green] = colorway;
    const { bgcolor: neutral } = hoverlabel;
    return { blue, orange, green, neutral, text: font.color, line: xaxis.linecolor };
  };

  // Mean of the seeds as a line with markers, each seed as a thin line or small marks: few traces
  // draw faster, so those of all seeds are one, broken by null.
  function series(name, x, perSeed, { color, dash, symbol, thin }) {
    const seeds = {
      x: perSeed.flatMap(() => [...x, null]),
      y: perSeed.flatMap((values) => [...values, null]),
      mode: thin ? "lines" : "markers", name, showlegend: false, opacity: 0.5,
      line: { color, dash, width: 1 }, marker: { color, symbol: `${symbol}-open`, size: 5 },
      hovertemplate: `${name}, one seed: %{y:.4g}<extra></extra>`,
    };
    return [...(perSeed.length > 1 ? [seeds] : []), {
      x, y: x.map((_, i) => mean(perSeed.map((values) => values[i]))), mode: "lines+markers", name,
      line: { color, dash, width: 2.5 }, marker: { color, symbol, size: 7 },
      hovertemplate: `${name}, mean: %{y:.4g}<extra></extra>`,
    }];
  }

  const transposed = (rows) => rows[0].map((_, i) => rows.map((row) => row[i]));
  const everyGamma = (data, e, split, metric) =>
    transposed(data.gammas.map((_, g) => data.values(g, e, split, metric)));
  const gammaAxis = (data) => ({
    type: "category", categoryarray: data.gammas.map(String), title: { text: "γ" }, tickangle: 0,
    range: [-0.5, data.gammas.length - 0.5],
  });
  // Where the slider stands, among all γ.
  const chosen = (g, look) => ({
    type: "rect", xref: "x", yref: "paper", x0: g - 0.45, x1: g + 0.45, y0: 0, y1: 1,
    line: { color: look.text, width: 1.5, dash: "dot" }, layer: "below",
  });
  const upright = (x, look) => ({
    type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1,
    line: { color: look.text, width: 1.5, dash: "dot" }, layer: "below",
  });

  function overview(data, { gamma, epoch }, look) {
    const names = data.gammas.map(String);
    const codes = everyGamma(data, epoch, "train", "distinct_codes")
      .map((seed) => seed.map((count) => count / data.classes));
    return {
      data: [
        ...series("test accuracy", names, everyGamma(data, epoch, "test", "accuracy"),
          { color: look.orange, dash: "dash", symbol: "diamond" }),
        ...series("agreement", names, everyGamma(data, epoch, "train", "whole_code_agreement"),
          { color: look.blue, dash: "solid", symbol: "circle" }),
        ...series(`codes / ${data.classes}`, names, codes,
          { color: look.green, dash: "dot", symbol: "square" }),
      ],
      layout: {
        title: { text: `Every γ after epoch ${data.epochs[epoch]}` }, showlegend: true,
        xaxis: gammaAxis(data), yaxis: { range: [-0.03, 1.05], title: { text: "fraction" } },
        shapes: [chosen(gamma, look)],
      },
    };
  }

  function size(data, { gamma, epoch }, look) {
    const values = everyGamma(data, epoch, "train", "x_rms");
    return {
      data: series("root mean square of x", data.gammas.map(String), values,
        { color: look.blue, dash: "solid", symbol: "circle" }),
      layout: {
        title: { text: `Size of x at every γ after epoch ${data.epochs[epoch]}` },
        xaxis: gammaAxis(data),
        yaxis: {
          type: "log", dtick: 1, exponentformat: "power",
          title: { text: "size (root mean square)" },
        },
        shapes: [chosen(gamma, look)],
      },
    };
  }

  function accuracy(data, { gamma, epoch }, look) {
    const over = (g, split) =>
      transposed(data.epochs.map((_, e) => data.values(g, e, split, "accuracy")));
    const others = data.gammas.flatMap((_, g) => (g === gamma ? [] : [over(g, "test")]));
    const means = others.map((rows) => data.epochs.map((_, e) => mean(rows.map((row) => row[e]))));
    const [train, test] = ["train", "test"].map((split) => over(gamma, split));
    const lowest = Math.min(...finite([...train, ...test].flat()));
    const floor = Number.isFinite(lowest) ? Math.floor(20 * lowest) / 20 : 0;
    const room = 0.04 * (1 - floor); // for the markers
    return {
      data: [
        { // one trace: null breaks its line between two γ
          x: means.flatMap(() => [...data.epochs, null]), y: means.flatMap((row) => [...row, null]),
          mode: "lines", name: "test, other γ", line: { color: look.line, width: 1 }, opacity: 0.4,
          hoverinfo: "skip",
        },
        ...series("train", data.epochs, train,
          { color: look.blue, dash: "solid", symbol: "circle", thin: true }),
        ...series("test", data.epochs, test,
          { color: look.orange, dash: "dash", symbol: "diamond", thin: true }),
      ],
      layout: {
        title: { text: `Accuracy at γ = ${data.gammas[gamma]}` }, showlegend: true,
        xaxis: { title: { text: "epoch" } },
        yaxis: {
          title: { text: "accuracy" }, range: [floor - room, 1 + room],
        },
        shapes: [upright(data.epochs[epoch], look)],
      },
    };
  }

  // The widest x of all, for one axis that every γ shares.
  function reach(data) {
    let widest = 0;
    data.gammas.forEach((_, g) => data.epochs.forEach((_, e) => {
      for (let d = 0; d < data.dimensions; d += 1) {
        const { mean: middle, std } = data.moments(g, e, d);
        if (Number.isFinite(std)) widest = Math.max(widest, Math.abs(middle) + data.range[1] * std);
      }
    }));
    return widest;
  }

  function histogram(data, { gamma, epoch, dimension, shared }, look) {
    const { mean: middle, std } = data.moments(gamma, epoch, dimension);
    const bars = data.histogram(gamma, epoch, dimension);
    const low = Math.min(0, middle + data.range[0] * std);
    const high = Math.max(0, middle + data.range[1] * std);
    const room = 0.02 * (high - low) || 1;
    const axis = shared ? "one axis for every γ" : "zoomed in";
    return {
      data: Number.isFinite(std) ? [{
        type: "bar", ...bars, marker: { color: look.blue, line: { width: 0 } },
        hovertemplate: "x %{x:.3g}: %{y:.3f} of the points<extra></extra>",
      }] : [],
      layout: {
        title: {
          text: `Dimension ${dimension}: mean ${number(middle, 2)}, std ${number(std, 2)}`,
        },
        bargap: 0,
        xaxis: {
          title: { text: `x<sub>${dimension}</sub> of seed ${data.shownSeed}, ${axis}` },
          range: shared ? [-data.reach, data.reach] : [low - room, high + room],
          exponentformat: "power", nticks: 6,
        },
        yaxis: { title: { text: "fraction in a bar" }, rangemode: "tozero" },
        shapes: [upright(0, look)],
      },
    };
  }

  // Made anew each time: Plotly writes into what it is given.
  const classAxis = () => ({
    title: { text: "class" }, dtick: 1, ticks: "", showgrid: false, zeroline: false,
  });
  const downwards = () => ({ ...classAxis(), autorange: "reversed" });

  function codes(data, { gamma, epoch, dimension }, look) {
    const z = data.fractions(gamma, epoch);
    return {
      data: z ? [{
        type: "heatmap", z, zmin: 0, zmax: 1,
        colorscale: [[0, look.orange], [0.5, look.neutral], [1, look.blue]],
        showscale: false,
        hovertemplate: "class %{y}, dimension %{x}: %{z:.2f} have x > 0<extra></extra>",
      }] : [],
      layout: {
        title: { text: "Class codes: blue is 1, orange is 0" },
        xaxis: {
          title: { text: `latent dimension of seed ${data.shownSeed}` },
          showgrid: false, zeroline: false, ticks: "",
        },
        yaxis: downwards(),
        shapes: [{
          type: "rect", x0: dimension - 0.5, x1: dimension + 0.5, y0: -0.5, y1: data.classes - 0.5,
          line: { color: look.text, width: 1.5 },
        }],
      },
    };
  }

  function distances(data, { gamma, epoch }, look) {
    const z = data.fractions(gamma, epoch);
    return {
      data: z ? [{
        type: "heatmap", z: hamming(z), zmin: 0, showscale: false,
        zmax: 1.25 * data.dimensions, // no cell so dark that its number is hard to read
        colorscale: [[0, look.neutral], [1, look.blue]],
        texttemplate: "%{z}", textfont: { size: 10, color: look.text }, hoverongaps: false,
        hovertemplate: "classes %{y} and %{x} differ in %{z} bits<extra></extra>",
      }] : [],
      layout: {
        title: { text: `Bits in which two codes differ, of ${data.dimensions}` },
        xaxis: classAxis(), yaxis: downwards(),
      },
    };
  }

  // What each view is drawn from, and what moves a mark in it alone, which is quicker.
  const VIEWS = [
    { draws: overview, from: ["epoch"], marks: ["gamma"] },
    { draws: accuracy, from: ["gamma"], marks: ["epoch"] },
    { draws: histogram, from: ["gamma", "epoch", "dimension", "shared"], marks: [] },
    { draws: size, from: ["epoch"], marks: ["gamma"] },
    { draws: codes, from: ["gamma", "epoch"], marks: ["dimension"] },
    { draws: distances, from: ["gamma", "epoch"], marks: [] },
  ];
  const HEIGHT = 280;

  function figure(view, data, state, medium) {
    const { data: traces, layout } = view.draws(data, state, colors(medium));
    // Fixed margins: Plotly would draw twice to find its own.
    const axis = ({ title, ...own }) => ({
      automargin: false, tickfont: { size: 11 }, title: { font: { size: 12 }, ...title }, ...own,
    });
    return {
      data: traces,
      layout: {
        template: templates[medium], height: HEIGHT, autosize: true, dragmode: false,
        hovermode: "closest", showlegend: false,
        margin: { t: layout.showlegend ? 54 : 28, r: 12, b: 42, l: 60 },
        legend: {
          orientation: "h", x: 0, y: 1, yanchor: "bottom", font: { size: 11 },
          itemclick: false, itemdoubleclick: false,
        },
        ...layout,
        xaxis: axis(layout.xaxis), yaxis: axis(layout.yaxis),
        title: {
          ...layout.title, x: 0, xanchor: "left", y: 0.98, yanchor: "top", font: { size: 13 },
        },
      },
    };
  }

  // ---- Controls -----------------------------------------------------------------------------

  function ticks(labels) {
    const marks = element("span", { className: "explorer-ticks" },
      ...labels.map((text) => element("span", { textContent: text })));
    marks.setAttribute("aria-hidden", "true");
    return marks;
  }

  function check(label, change) {
    const input = element("input", { type: "checkbox" });
    input.addEventListener("change", () => change(input.checked));
    const get = () => (input.checked ? "yes" : "no");
    return {
      label: element("label", { className: "explorer-check" }, input, label),
      get,
      set: (value) => { if (["yes", "no"].includes(value) && value !== get()) input.click(); },
    };
  }

  function readouts(data, state) {
    const head = ["Quantity", "mean", ...data.seeds.map((seed) => `seed ${seed}`)];
    const cell = (tag, textContent, scope) =>
      element(tag, scope ? { scope, textContent } : { textContent });
    const lines = QUANTITIES.map(([name, split, metric, write]) => {
      const values = data.values(state.gamma, state.epoch, split, metric);
      return element("tr", {}, cell("th", name, "row"),
        ...[mean(values), ...values].map((value) => cell("td", write(value))));
    });
    return [
      element("caption", {
        textContent: `γ = ${data.gammas[state.gamma]} after epoch ${data.epochs[state.epoch]}; `
          + "codes, mixtures and size of x on the training set",
      }),
      element("thead", {}, element("tr", {}, ...head.map((text) => cell("th", text, "col")))),
      element("tbody", {}, ...lines),
    ];
  }

  // ---- The picture: the panels as they stand, for paper -------------------------------------

  const PANEL = { width: 420, height: HEIGHT };

  async function panelPicture(view, data, state) {
    const { data: traces, layout } = figure(view, data, state, "paper");
    const drawing = { data: traces, layout: { ...layout, ...PANEL } };
    const url = await Plotly.toImage(drawing, { format: "svg", ...PANEL });
    const text = decodeURIComponent(url.slice(url.indexOf(",") + 1));
    return new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  }

  function wrapped(text, letters) {
    const lines = [""];
    for (const word of text.split(" ")) {
      if (`${lines.at(-1)} ${word}`.length > letters) lines.push(word);
      else lines.push(`${lines.pop()} ${word}`.trim());
    }
    return lines;
  }

  async function picture(data, state) {
    const panels = await Promise.all(VIEWS.map((view) => panelPicture(view, data, state)));
    const lines = wrapped(data.sentences[state.gamma][state.epoch], 118);
    const top = 18 * lines.length + 16, width = 2 * PANEL.width;
    const height = top + PANEL.height * Math.ceil(panels.length / 2);
    const whole = new DOMParser().parseFromString(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" `
      + `viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="#ffffff"/></svg>`,
      "image/svg+xml",
    );
    const { font } = templates.paper.layout;
    lines.forEach((line, i) => {
      const text = whole.createElementNS("http://www.w3.org/2000/svg", "text");
      const { color: fill, family } = font;
      const looks = { x: 10, y: 20 + 18 * i, fill, "font-size": 13, "font-family": family };
      for (const [name, value] of Object.entries(looks)) text.setAttribute(name, value);
      text.textContent = line;
      whole.documentElement.append(text);
    });
    panels.forEach((panel, i) => {
      panel.setAttribute("x", (i % 2) * PANEL.width);
      panel.setAttribute("y", top + Math.floor(i / 2) * PANEL.height);
      whole.documentElement.append(whole.adoptNode(panel));
    });
    return new XMLSerializer().serializeToString(whole);
  }

  // ---- One explorer -------------------------------------------------------------------------

  let onPaper = false; // while the page is being printed
  const medium = () => (onPaper ? "paper" : theme());
  const explorers = new Map(); // box -> its explorer, once it has been drawn

  function explore(box) {
    if (explorers.has(box)) return explorers.get(box);
    const { name } = box.dataset;
    const data = unpack(window.bookExplorers[name]);
    data.reach = reach(data);
    const state = { ...data.start, dimension: 0, shared: false };
    const status = element("p", { className: "explorer-status" });
    status.setAttribute("role", "status");
    const numbers = element("table", { className: "explorer-numbers" });
    const plots = VIEWS.map(() => element("div", { className: "explorer-plot" }));

    const draw = () => VIEWS.forEach((view, i) => {
      const drawing = figure(view, data, state, medium());
      Plotly.react(plots[i], drawing.data, drawing.layout, { ...config, displayModeBar: false });
    });
    const update = (changed) => VIEWS.forEach((view, i) => {
      const touches = (inputs) => inputs.some((input) => changed.has(input));
      if (!touches([...view.from, ...view.marks])) return;
      const drawing = figure(view, data, state, medium());
      if (touches(view.from)) Plotly.react(plots[i], drawing.data, drawing.layout);
      else Plotly.relayout(plots[i], { shapes: drawing.layout.shapes });
    });
    const tell = () => {
      status.textContent = data.sentences[state.gamma][state.epoch];
      numbers.replaceChildren(...readouts(data, state));
    };
    // A dragged slider asks faster than the screen shows: one drawing for each of its frames.
    const changed = new Set();
    const change = (input) => (value) => {
      state[input] = value;
      tell();
      if (!changed.size) requestAnimationFrame(() => { update(changed); changed.clear(); });
      changed.add(input);
    };

    const gammas = data.gammas.map(String), epochs = data.epochs.map(String);
    const dimensions = Array.from({ length: data.dimensions }, (_, d) => String(d));
    const parts = {
      gamma: stepper("γ", gammas, state.gamma, change("gamma")),
      epoch: stepper("epoch", epochs, state.epoch, change("epoch")),
      dimension: stepper("dimension", dimensions, state.dimension, change("dimension")),
      shared: check("histogram on one x axis for every γ", change("shared")),
    };
    parts.gamma.label.append(ticks(gammas));
    box.querySelector(".explorer-body").replaceChildren(
      element("div", { className: "explorer-main" }, parts.gamma.label, parts.epoch.label),
      status,
      element("div", { className: "explorer-more" }, parts.dimension.label, parts.shared.label),
      element("div", { className: "explorer-views" }, ...plots),
      numbers,
    );
    tell();
    draw();
    const explorer = { draw, picture: () => picture(data, state) };
    explorers.set(box, explorer);
    box.dataset.state = "ready";
    playable(box, parts);
    return explorer;
  }

  function print(boxes, begins) {
    onPaper = begins;
    boxes.forEach(explore);
    boxes.forEach((box) => box.classList.toggle("explorer-on-paper", begins));
    explorers.forEach(({ draw }) => draw());
  }

  const boxes = document.querySelectorAll(".book-explorer");
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) { near.unobserve(target); explore(target); }
    }
  }, { rootMargin: "400px" });
  for (const box of boxes) {
    box.bookPicture = () => explore(box).picture();
    near.observe(box);
  }
  new MutationObserver(() => explorers.forEach(({ draw }) => draw()))
    .observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  addEventListener("beforeprint", () => print(boxes, true));
  addEventListener("afterprint", () => print(boxes, false));
})();
