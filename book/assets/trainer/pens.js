/* Two pens with the same strokes, one for a canvas and one for an SVG picture, so that each view
   is drawn by one function on the page and in its download. Lengths are CSS pixels. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif";

  class CanvasPen {
    constructor(context) {
      this.context = context;
    }

    /* A line or an area through points [x, y]. */
    path(points, { stroke, fill, width = 1, dash = [], closed = false }) {
      const { context } = this;
      context.beginPath();
      for (const [x, y] of points) context.lineTo(x, y);
      if (closed) context.closePath();
      if (fill) {
        context.fillStyle = fill;
        context.fill();
      }
      if (stroke) {
        Object.assign(context, { strokeStyle: stroke, lineWidth: width });
        context.setLineDash(dash);
        context.stroke();
      }
    }

    /* One shape at many places: flat x, y pairs. */
    marks(shape, size, places, fill, opacity) {
      const { context } = this;
      context.beginPath();
      for (let at = 0; at < places.length; at += 2) {
        const x = places[at], y = places[at + 1];
        context.moveTo(x + size * shape[0][0], y + size * shape[0][1]);
        for (let k = 1; k < shape.length; k++) {
          context.lineTo(x + size * shape[k][0], y + size * shape[k][1]);
        }
      }
      Object.assign(context, { globalAlpha: opacity, fillStyle: fill });
      context.fill();
      context.globalAlpha = 1;
    }

    text(text, x, y, { fill, size = 12, align = "center", weight = 400, halo }) {
      const { context } = this;
      context.font = `${weight} ${size}px ${FONT}`;
      Object.assign(context, { textAlign: align, textBaseline: "middle", fillStyle: fill });
      if (halo) {
        Object.assign(context, { strokeStyle: halo, lineWidth: 4, lineJoin: "round" });
        context.setLineDash([]);
        context.strokeText(text, x, y);
      }
      context.fillText(text, x, y);
    }
  }

  const ANCHORS = { left: "start", center: "middle", right: "end" };
  const short = (value) => String(Math.round(value * 10) / 10);
  const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;" };
  const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => ENTITIES[sign]);

  class SvgPen {
    constructor() {
      this.parts = [];
    }

    path(points, { stroke = "none", fill = "none", width = 1, dash = [], closed = false }) {
      const way = points.map(([x, y]) => `${short(x)} ${short(y)}`).join("L");
      const dashes = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
      this.parts.push(`<path d="M${way}${closed ? "Z" : ""}" fill="${fill}" stroke="${stroke}" `
        + `stroke-width="${width}"${dashes}/>`);
    }

    marks(shape, size, places, fill, opacity) {
      let ways = "";
      for (let at = 0; at < places.length; at += 2) {
        const way = shape.map(([x, y]) =>
          `${short(places[at] + size * x)} ${short(places[at + 1] + size * y)}`);
        ways += `M${way.join("L")}Z`;
      }
      this.parts.push(`<path d="${ways}" fill="${fill}" fill-opacity="${opacity}"/>`);
    }

    text(text, x, y, { fill, size = 12, align = "center", weight = 400, halo }) {
      const around = halo
        ? ` stroke="${halo}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"` : "";
      this.parts.push(`<text x="${short(x)}" y="${short(y)}" dy="0.35em" font-size="${size}" `
        + `font-weight="${weight}" text-anchor="${ANCHORS[align]}" fill="${fill}"${around}>`
        + `${escaped(text)}</text>`);
    }

    /* What `draw` draws, moved. */
    group(x, y, draw) {
      this.parts.push(`<g transform="translate(${x} ${y})">`);
      draw(this);
      this.parts.push("</g>");
    }

    picture(width, height, paper) {
      return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" `
        + `viewBox="0 0 ${width} ${height}" font-family="${escaped(FONT)}">`
        + `<rect width="100%" height="100%" fill="${paper}"/>${this.parts.join("")}</svg>`;
    }
  }

  Object.assign(trainer, { CanvasPen, SvgPen });
})();
