/* What every page has: folded parts (.book-fold, see _ext/fold.py), and the filter above a long
   table (.book-filter, see replication/claims/everything.py). */
(() => {
  "use strict";

  // On paper nothing can be opened, and a link may lead to what is folded.
  const open = (folds) => { for (const fold of folds) fold.open = true; };
  addEventListener("beforeprint", () => open(document.querySelectorAll(".book-fold")));
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let box = target; box; box = box.parentElement) if (box.matches(".book-fold")) open([box]);
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

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
  }
})();
