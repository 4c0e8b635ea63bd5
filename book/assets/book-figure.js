/* The button under every figure (.book-figure, see _ext/furniture.py) that saves its picture:
   whatever draws a figure gives it the method bookPicture, a promise of the text of an SVG. */
(() => {
  "use strict";

  function save(text, name, type) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    Object.assign(document.createElement("a"), { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  window.bookSave = save; // for figures whose data are made in the page

  for (const button of document.querySelectorAll(".book-figure .book-save")) {
    const box = button.closest(".book-figure");
    button.hidden = false;
    button.addEventListener("click", async () => {
      save(await box.bookPicture(), `${box.dataset.name}.svg`, "image/svg+xml");
    });
  }
})();
