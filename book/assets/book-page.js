/* What every page has: folded parts (.book-fold, see _ext/fold.py), and the filter above a long
   table (.book-filter, see replication/claims/everything.py). */
(() => {
  "use strict";

  // On paper nothing can be opened.
  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll(".book-fold")) fold.open = true;
  });

  for (const box of document.querySelectorAll(".book-filter")) {
    const input = box.querySelector("input"), count = box.querySelector("output");
    const rows = [...document.getElementById(input.getAttribute("aria-controls")).tBodies[0].rows];
    const filter = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
      count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
    };
    box.hidden = false;
    input.addEventListener("input", filter);
    filter();
    box.bookState = {
      get: () => ({ words: input.value.trim() }),
      set: ({ words }) => { input.value = words; filter(); },
    };
    box.dispatchEvent(new Event("book-state", { bubbles: true }));
  }
})();
