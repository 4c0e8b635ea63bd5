/* The page's address says what the reader sees, so that it can be sent:

     #why-plane&epoch=4&hidden=linear,sgd

   First an anchor, as in any address: of a figure (its data-name), or of another part of the page.
   Then the values in which that figure is not as the page first shows it: numbers as 0.5, names in
   small letters with hyphens. What is not understood is passed over.

   Whatever can be played with gives its box `bookState`: get() tells its values, a text for each
   key, and set(values) takes them over where its controls could. When it is ready it sends the event
   "book-state" from the box. */
(() => {
  "use strict";

  const BOXES = ".book-figure, .book-filter";
  const PAUSE = 500; // ms between two changes of the address: Safari allows 100 in 30 s
  const SAID = 4000; // ms for which "copied" stands there
  const first = new Map(); // box -> its values as the page first shows it
  const told = new Map(); // box -> the address that was last read or written for it

  function wanted() {
    const [anchor, ...pairs] = location.hash.slice(1).split("&");
    const values = Object.fromEntries(new URLSearchParams(pairs.join("&")));
    try {
      return { anchor: decodeURIComponent(anchor), values };
    } catch { // damaged on its way
      return { anchor: "", values: {} };
    }
  }

  // Commas and spaces stay readable.
  const encoded = (text) => encodeURIComponent(text).replaceAll("%2C", ",").replaceAll("%20", "+");

  function addressOf(box) {
    const values = first.has(box) ? Object.entries(box.bookState.get()) : [];
    const changed = values.filter(([key, value]) => value !== first.get(box)[key]);
    return `#${[box.dataset.name, ...changed.map((pair) => pair.map(encoded).join("="))].join("&")}`;
  }

  // No new entry in the history: back leads to the page before, not to the slider's last step.
  function write(box) {
    told.set(box, addressOf(box));
    history.replaceState(history.state, "", told.get(box));
  }

  function restore(box) {
    const { anchor, values } = wanted();
    const own = Object.entries(values).filter(([key]) => Object.hasOwn(first.get(box), key));
    if (anchor !== box.dataset.name || !own.length) return;
    box.bookState.set({ ...first.get(box), ...Object.fromEntries(own) });
    told.set(box, addressOf(box));
  }

  // A figure that is not drawn yet is restored when it is, which happens once it is in sight.
  function arrive() {
    const target = document.getElementById(wanted().anchor);
    for (let fold = target; fold; fold = fold.parentElement) {
      if (fold.matches(".book-fold")) fold.open = true;
    }
    if (target) target.scrollIntoView();
    for (const box of first.keys()) restore(box);
  }

  let played = null, waiting = 0;
  function note({ target }) {
    const box = target.closest(BOXES);
    if (!first.has(box)) return;
    played = box;
    waiting ||= setTimeout(() => {
      waiting = 0;
      if (addressOf(played) !== told.get(played)) write(played);
    }, PAUSE);
  }

  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { // not everywhere there, or allowed
      const field = Object.assign(document.createElement("textarea"), { value: text });
      field.style.cssText = "position: fixed; opacity: 0";
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  }

  for (const button of document.querySelectorAll(".book-copy")) {
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    button.parentElement.append(said);
    button.hidden = false;
    button.addEventListener("click", async () => {
      write(button.closest(BOXES));
      const done = await copied(location.href);
      button.focus();
      said.textContent = done ? "Link copied" : "The link is the page's address";
      setTimeout(() => { said.textContent = ""; }, SAID);
    });
  }
  document.addEventListener("book-state", ({ target: box }) => {
    first.set(box, box.bookState.get());
    told.set(box, addressOf(box));
    restore(box);
  });
  for (const kind of ["input", "change", "click"]) document.addEventListener(kind, note);
  addEventListener("hashchange", arrive);
  arrive(); // the script is deferred, and before all others of the book
})();
