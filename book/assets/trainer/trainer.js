/* Makes each .trainer box of the page a trainer when it comes near, and starts it when seen. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  function make(box) {
    const panel = new trainer.Panel(box);
    box.bookPicture = async () => panel.picture();
    box.bookTrainer = panel;
    box.bookState = {
      get: () => trainer.written(panel.settings),
      set: (values) => panel.take(trainer.read(values)),
    };
    box.dispatchEvent(new Event("book-state", { bubbles: true }));
    return panel;
  }

  function start() {
    const panels = new Map();
    const near = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || panels.has(target)) continue;
        near.unobserve(target);
        const panel = make(target);
        panels.set(target, panel);
        resized.observe(target);
        seen.observe(panel.latent.canvas);
      }
    }, { rootMargin: "400px" });
    const seen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        const panel = panels.get(target.closest(".trainer"));
        panel.visible = isIntersecting;
        if (isIntersecting && !panel.begun) {
          panel.begun = true; // by itself once; then the reader decides
          panel.go();
        }
        panel.wake();
      }
    }, { threshold: 0.2 });
    const redraw = () => panels.forEach((panel) => panel.draw());
    const resized = new ResizeObserver(redraw);
    new MutationObserver(redraw)
      .observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    document.querySelectorAll(".trainer").forEach((box) => near.observe(box));
  }

  start(); // the scripts are deferred: the page has been parsed
})();
