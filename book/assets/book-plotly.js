/* Draws the figures of the book (.book-figure, see _ext/plotly_mime.py) when they near the
   viewport, in the colors of the page's theme, and gives each what the keyboard can reach: a
   legend, and sliders for its frames. Where these stand is the figure's state (book-link.js). */
(() => {
  "use strict";

  // ---- Themes -------------------------------------------------------------------------------

  const root = document.documentElement;
  const theme = () => (root.dataset.theme === "dark" ? "dark" : "light");

  const axis = (c) => ({
    gridcolor: c.grid, zerolinecolor: c.grid, linecolor: c.line, tickcolor: c.line,
    ticks: "outside", ticklen: 4, automargin: true, title: { standoff: 8 },
  });
  const colorbar = (c) => ({ outlinewidth: 0, tickcolor: c.line, thickness: 14 });
  const template = (c) => ({
    layout: {
      paper_bgcolor: c.paper, plot_bgcolor: c.paper, colorway: c.traces,
      font: { color: c.text, size: 13, family: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif" },
      xaxis: axis(c), yaxis: axis(c),
      hoverlabel: { bgcolor: c.box, bordercolor: c.line, font: { color: c.text } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: c.line, activecolor: c.text },
      coloraxis: { colorbar: colorbar(c) },
      margin: { t: 40, r: 16, b: 48, l: 56 },
    },
    data: { heatmap: [{ colorbar: colorbar(c) }], contour: [{ colorbar: colorbar(c) }] },
  });
  const light = {
    paper: "rgba(0,0,0,0)", text: "#1f2a37", grid: "#e3e6ea", line: "#6b7480", box: "#ffffff",
    traces: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"],
  };
  const dark = {
    paper: "rgba(0,0,0,0)", text: "#e6e8eb", grid: "#3a3f47", line: "#9aa3ae", box: "#22262c",
    traces: ["#56b4e9", "#e8833a", "#2fc79a", "#e39ac6", "#f0b93a", "#8ecbf2"],
  };
  const templates = {
    light: template(light), dark: template(dark), paper: template({ ...light, paper: "#ffffff" }),
  };
  const config = {
    responsive: true, displaylogo: false, showSendToCloud: false,
    modeBarButtonsToRemove: ["toImage", "select2d", "lasso2d", "autoScale2d"],
  };

  // ---- Small helpers ------------------------------------------------------------------------

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const svg = (tag, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const plainText = (html) =>
    new DOMParser().parseFromString(html, "text/html").body.textContent;
  // A name as it stands in the address.
  const slug = (text) =>
    text.toLowerCase().replace(/[^\p{L}\p{N}.]+/gu, "-").replace(/^-|-$/g, "");

  // What a box has to be played with: by its key in the address, how to get and set its value.
  function playable(box, parts) {
    box.bookState = {
      get: () => Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, part.get()])),
      set: (values) => Object.entries(parts).forEach(([key, part]) => part.set(values[key])),
    };
    box.dispatchEvent(new Event("book-state", { bubbles: true }));
  }

  // A slider over labels; `change` is told the step to which a reader or an address moves it.
  function stepper(name, labels, value, change) {
    const input = element("input", { type: "range", min: 0, max: labels.length - 1, step: 1 });
    const output = element("output");
    const move = (step) => {
      input.value = step;
      output.textContent = labels[step];
      input.setAttribute("aria-valuetext", `${name} ${labels[step]}`);
    };
    const go = (step) => { move(step); change(step); };
    move(value);
    input.addEventListener("input", () => go(Number(input.value)));
    return {
      // The label wraps its input, so that no id is needed.
      label: element("label", { className: "book-slider" },
        element("span", { textContent: name }), input, output),
      move,
      get: () => slug(labels[input.value]),
      set: (value) => {
        const step = labels.findIndex((label) => slug(label) === value);
        if (step >= 0 && step !== Number(input.value)) go(step);
      },
    };
  }

  // Panels side by side need room, less where no labels are beside them: below it, the figure
  // scrolls sideways.
  function leastWidth(layout) {
    const axes = Object.keys(layout).filter((key) => /^xaxis\d*$/.test(key));
    const starts = new Set(axes.map((key) => (layout[key].domain || [0])[0].toFixed(3)));
    const bare = (layout.yaxis || {}).showticklabels === false;
    return Math.max(1, starts.size) * (bare ? 150 : 290);
  }

  // ---- Legend: one button per entry, which acts on its whole legendgroup --------------------

  const groupOf = (trace, index) => trace.legendgroup || `trace ${index}`;

  function legendEntries(figure) {
    const { data, layout } = figure;
    if (layout.showlegend === false) return [];
    const entries = data.map((trace, index) => ({ trace, index, group: groupOf(trace, index) }))
      .filter(({ trace }) => trace.name && trace.showlegend !== false && trace.visible !== false);
    return entries.length > 1 || layout.showlegend ? entries : [];
  }

  const dashes = { dot: "2 3", dash: "6 3", longdash: "10 4", dashdot: "6 3 2 3", longdashdot: "10 4 2 4" };

  // Plotly's markers, by the names that it gives them, around the middle of a swatch.
  const markers = {
    circle: "M10 6a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z", square: "M10.5 2.5h7v7h-7Z",
    diamond: "M14 1l5 5l-5 5l-5 -5Z", "triangle-up": "M14 1.5l5 8.5h-10Z",
    star: "M14 0.5l1.4 3.9l4.1 0.1l-3.3 2.5l1.2 4l-3.4 -2.3l-3.4 2.3l1.2 -4l-3.3 -2.5l4.1 -0.1Z",
    "line-ns": "M13 0.5h2v11h-2Z", "x-thin": "M10.5 2.5l7 7M17.5 2.5l-7 7",
  };

  // Such as "diamond-x-open": the shape hollow, and crossed out.
  function markerShapes(symbol = "circle", color) {
    const base = symbol.replace("-open", ""), shape = base.replace(/-x$/, "");
    const drawn = [markers[shape] || markers.circle];
    if (base !== shape) drawn.push(markers["x-thin"]);
    const look = symbol.endsWith("-open") ? { fill: "none", stroke: color, "stroke-width": 1.5 } : { fill: color };
    return drawn.map((d) => svg("path", { d, ...look }));
  }

  function swatch(trace) {
    const line = trace.line || {}, marker = trace.marker || {};
    const colors = [line.color, marker.color, trace.fillcolor];
    const color = colors.find((c) => typeof c === "string") || "currentColor";
    const mode = (trace.type || "scatter") === "scatter" ? trace.mode || "lines" : "area";
    const shapes = [];
    if (mode === "area") shapes.push(svg("rect", { x: 9, y: 1, width: 10, height: 10, fill: color }));
    if (mode.includes("lines")) {
      const dash = dashes[line.dash] || "none";
      shapes.push(svg("path", { d: "M0 6H28", stroke: color, "stroke-width": line.width || 2.5, "stroke-dasharray": dash }));
    }
    if (mode.includes("markers")) {
      // One for all marks or one for each, of which some may be hollow.
      const symbols = [marker.symbol].flat();
      shapes.push(...markerShapes(symbols.find((s) => s && !s.endsWith("-open")) || symbols[0], color));
    }
    return svg("svg", { width: 28, height: 12, viewBox: "0 0 28 12", "aria-hidden": true }, ...shapes);
  }

  function legend(plot, figure) {
    const box = element("div", { className: "book-legend" });
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Legend: show or hide");
    const entries = legendEntries(figure);
    const groups = new Set(entries.map(({ group }) => group));
    const members = figure.data.map((trace, index) => ({ trace, index, group: groupOf(trace, index) }))
      .filter(({ trace, group }) => groups.has(group) && trace.visible !== false);
    let shown = new Set(entries.flatMap(({ trace, group }) => (trace.visible === "legendonly" ? [] : [group])));
    const show = (wanted) => {
      shown = wanted;
      const visible = members.map(({ group }) => (shown.has(group) ? true : "legendonly"));
      Plotly.restyle(plot, { visible }, members.map(({ index }) => index));
      for (const button of buttons) button.setAttribute("aria-pressed", String(shown.has(button.dataset.group)));
    };
    const buttons = entries.map(({ trace, group }) => {
      const button = element("button", { type: "button" }, swatch(trace), plainText(trace.name));
      button.dataset.group = group;
      button.setAttribute("aria-pressed", String(shown.has(group)));
      const others = () => [...shown].filter((name) => name !== group);
      button.addEventListener("click", () => show(new Set(shown.has(group) ? others() : [...shown, group])));
      // As in Plotly's own legend: alone, then all. (The two clicks before it cancel out.)
      button.addEventListener("dblclick", () => show(others().length ? new Set([group]) : groups));
      return button;
    });
    box.append(...buttons);
    if (!buttons.length) return null;
    const named = new Map(entries.map(({ trace, group }) =>
      [slug(trace.legendgroup || plainText(trace.name)), group]));
    const hidden = () => [...named.keys()].filter((name) => !shown.has(named.get(name))).join(",");
    return {
      box,
      get: hidden,
      set: (value) => {
        const names = value.split(",");
        if (value === hidden() || (value && !names.every((name) => named.has(name)))) return;
        show(new Set([...named].filter(([name]) => !names.includes(name)).map(([, group]) => group)));
      },
    };
  }

  // ---- Sliders: Plotly's own has no tab stop; those of one name move together ----------------

  const steps = new Map(); // name -> step last chosen, for figures drawn later

  function slider(plot, spec) {
    const title = ((spec.currentvalue || {}).prefix || spec.name || "step").replace(/[=:\s]+$/, "");
    const name = spec.name || title;
    const animate = (step) => Plotly.animate(plot, spec.steps[step].args[0], {
      mode: "immediate", transition: { duration: 0 }, frame: { duration: 0, redraw: true },
    });
    const made = stepper(title, spec.steps.map(({ label }) => label), spec.active || 0, (step) => {
      steps.set(name, step);
      animate(step);
      document.dispatchEvent(new CustomEvent("book-slider", { detail: { name, step, from: plot } }));
    });
    const follow = (step) => {
      if (!(step < spec.steps.length)) return;
      made.move(step);
      animate(step);
    };
    document.addEventListener("book-slider", ({ detail }) => {
      if (detail.name === name && detail.from !== plot) follow(detail.step);
    });
    return { ...made, name, catchUp: () => follow(steps.get(name)) };
  }

  const isFrameSlider = (spec) =>
    spec.steps && spec.steps.length && spec.steps.every((step) => step.method === "animate");

  // ---- Pictures -----------------------------------------------------------------------------

  // The figure as it now stands, without what is hidden, as a picture for print: the legend and
  // what the sliders say, which on the page are HTML, get room below and above the panels.
  function forPaper(box) {
    const plot = box.querySelector(".book-plot");
    const { width, height, margin } = plot._fullLayout;
    const showlegend = box.querySelector(".book-legend") !== null;
    const chosen = [...box.querySelectorAll(".book-slider")]
      .map((slider) => [...slider.querySelectorAll("span, output")].map((part) => part.textContent).join(" "));
    const below = showlegend ? 64 : 0, above = chosen.length ? 30 : 0;
    return {
      // Plotly would choose other random names each time.
      data: plot.data.map((trace, index) => ({
        ...trace, uid: `t${index}`, visible: trace.visible === "legendonly" ? false : trace.visible,
      })),
      layout: {
        ...plot.layout, template: templates.paper, showlegend,
        width: Math.max(width, 800), height: height + below + above,
        margin: { ...margin, b: margin.b + below, t: margin.t + above },
        title: { text: chosen.join(", "), x: 0.5, y: 1, yanchor: "top", pad: { t: 10 }, font: { size: 14 } },
        legend: { orientation: "h", x: 0.5, xanchor: "center", y: 0, yanchor: "bottom", yref: "container" },
      },
    };
  }

  async function picture(box) {
    await draw(box);
    const drawing = forPaper(box);
    const { width, height } = drawing.layout;
    const address = await Plotly.toImage(drawing, { format: "svg", width, height });
    return decodeURIComponent(address.slice(address.indexOf(",") + 1));
  }

  // ---- Drawing ------------------------------------------------------------------------------

  // Fits A4 and Letter with usual margins; what is much longer is broken between sheets.
  const paper = { width: 640, height: 1060, longest: 1900 };
  let screenTheme = null; // the page's theme, while it is being printed
  const medium = () => (screenTheme === null ? theme() : "paper");
  function sizeOn(where, height) {
    if (where !== "paper") return { width: undefined, height, autosize: true };
    return { width: paper.width, height: height < paper.longest ? Math.min(height, paper.height) : height };
  }

  const drawings = new WeakMap(); // figure -> promise of its drawing

  function draw(box) {
    if (!drawings.has(box)) drawings.set(box, drawNow(box));
    return drawings.get(box);
  }

  // All that is seen is there before the first pause: a page is printed without waiting.
  async function drawNow(box) {
    box.dataset.state = "drawing";
    const figure = JSON.parse(box.querySelector('script[type="application/json"]').textContent);
    const { layout } = figure;
    const plot = box.querySelector(".book-plot");
    const specs = (layout.sliders || []).filter(isFrameSlider);
    const entries = legend(plot, figure);
    const where = medium();
    plot.dataset.theme = where;
    box.dataset.height = layout.height;
    Object.assign(layout, sizeOn(where, layout.height), { template: templates[where], showlegend: false });
    layout.sliders = (layout.sliders || []).filter((spec) => !isFrameSlider(spec));
    // On a touch screen a finger on the figure scrolls the page.
    if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false;

    const scroll = element("div", { className: "book-scroll" });
    plot.replaceWith(scroll);
    plot.replaceChildren();
    scroll.append(plot);
    if (entries) scroll.before(entries.box);
    plot.style.minWidth = `${leastWidth(layout)}px`;
    // Given together with the figure, frames would make Plotly pause before it draws.
    const drawn = Plotly.newPlot(plot, { data: figure.data, config, layout });
    const frames = (window.bookFrames || {})[box.dataset.name];
    if (frames) Plotly.addFrames(plot, frames);
    const sliders = specs.map((spec) => slider(plot, spec));
    scroll.before(...sliders.map(({ label }) => label));
    playable(box, {
      ...Object.fromEntries(sliders.map((one) => [slug(one.name), one])),
      ...(entries && { hidden: entries }),
    });
    for (const { catchUp } of sliders) catchUp();
    makeReachable(scroll);
    await drawn;
    // Marks that stand for a page lead to it.
    plot.on("plotly_click", ({ points }) => {
      const page = points[0].customdata;
      if (typeof page === "string" && page.includes(".html")) location.href = page;
    });
    box.dataset.state = "ready";
    adapt(box);
  }

  // What scrolls must have a tab stop, and what has one a name.
  function makeReachable(scroll) {
    if (scroll.scrollWidth <= scroll.clientWidth) return;
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-label", "Panels, scroll sideways");
  }

  function adapt(box) {
    const plot = box.querySelector(".book-plot");
    if (box.dataset.state !== "ready" || plot.dataset.theme === medium()) return;
    plot.dataset.theme = medium();
    const size = sizeOn(medium(), Number(box.dataset.height));
    Plotly.relayout(plot, { template: templates[medium()], ...size });
  }

  function toPaper(boxes) {
    screenTheme = root.dataset.theme || "";
    root.dataset.theme = "light";
    boxes.forEach(draw);
    boxes.forEach(adapt);
  }

  function toScreen(boxes) {
    root.dataset.theme = screenTheme;
    screenTheme = null;
    boxes.forEach(adapt);
  }

  function start() {
    // Figures of other kinds have scripts of their own.
    const boxes = [...document.querySelectorAll(".book-figure:has(> .book-plot)")];
    for (const box of boxes) box.bookPicture = () => picture(box);
    const near = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) { near.unobserve(target); draw(target); }
      }
    }, { rootMargin: "400px" });
    boxes.forEach((box) => near.observe(box));
    new MutationObserver(() => boxes.forEach(adapt))
      .observe(root, { attributes: true, attributeFilter: ["data-theme"] });
    addEventListener("beforeprint", () => toPaper(boxes));
    addEventListener("afterprint", () => toScreen(boxes));
  }

  // What the scripts of other figures share with this one.
  window.bookPlotly = { config, element, playable, stepper, templates, theme };
  start(); // the script is deferred: the page has been parsed
})();
