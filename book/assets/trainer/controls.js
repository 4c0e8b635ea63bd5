/* The controls: native inputs with labels. Each tells `change` the settings that it changes, and
   `show` puts them all at given settings. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});
  const { element, marker } = trainer.dom;

  const FEWEST_DIGITS = 2;
  const MIXED = "mixed";

  /* A slider over given values, with the value beside it. */
  function slider(name, values, get, change, words = String) {
    const input = element("input", { type: "range", min: 0, max: values.length - 1, step: 1 });
    const output = element("output");
    const show = (settings) => {
      const value = get(settings);
      const step = values.findIndex((own) => own >= value);
      input.value = step < 0 ? values.length - 1 : step;
      output.textContent = words(value);
      input.setAttribute("aria-valuetext", `${name} ${words(value)}`);
    };
    input.addEventListener("input", () => change(values[input.value]));
    const label = element("label", { className: "book-slider" },
      element("span", { textContent: name }), input, output);
    return { element: label, input, show };
  }

  function choice(name, options, get, change) {
    const input = element("select", {}, ...Object.entries(options)
      .map(([value, textContent]) => element("option", { value, textContent })));
    input.addEventListener("change", () => change(input.value));
    const label = element("label", { className: "trainer-field" },
      element("span", { textContent: name }), input);
    return { element: label, input, show: (settings) => { input.value = get(settings); } };
  }

  function gamma(change) {
    const made = slider("γ", trainer.GAMMAS, (settings) => settings.gamma, (value) =>
      change({ gamma: value }));
    return {
      ...made,
      show(settings) {
        made.show(settings);
        made.input.disabled = settings.head !== "binary"; // the others have no penalty
      },
    };
  }

  function seed(change) {
    const limits = { min: 0, max: trainer.LARGEST_SEED, step: 1, required: true };
    const input = element("input", { type: "number", ...limits });
    input.addEventListener("change", () => {
      if (input.reportValidity()) change({ seed: Number(input.value) });
    });
    const label = element("label", { className: "trainer-field" },
      element("span", { textContent: "Seed" }), input);
    return { element: label, show: (settings) => { input.value = settings.seed; } };
  }

  function digits(change) {
    const inputs = trainer.SHAPES.map(() => element("input", { type: "checkbox" }));
    const labels = inputs.map((input, digit) =>
      element("label", { className: "trainer-digit" }, input, marker(digit), String(digit)));
    const chosen = () => [...inputs.keys()].filter((digit) => inputs[digit].checked);
    for (const input of inputs) {
      input.addEventListener("change", () => change({ digits: chosen() }));
    }
    const box = element("fieldset", { className: "trainer-digits" },
      element("legend", { textContent: "Digits that take part" }), ...labels);
    return {
      element: box,
      paint(colors) {
        labels.forEach((label, digit) => label.style.setProperty("--digit", colors.digits[digit]));
      },
      show(settings) {
        inputs.forEach((input, digit) => {
          input.checked = settings.digits.includes(digit);
          // A classifier needs two classes.
          input.disabled = input.checked && settings.digits.length <= FEWEST_DIGITS;
        });
      },
    };
  }

  function protocol(change) {
    const labels = Object.entries(trainer.PROTOCOLS).map(([name, { label }]) => [name, label]);
    const options = { ...Object.fromEntries(labels), [MIXED]: "own mix of switches" };
    const made = choice("Protocol", options,
      (settings) => {
        const { name, changed } = trainer.protocolOf(settings);
        return changed.length ? MIXED : name;
      },
      (name) => change(trainer.PROTOCOLS[name].switches));
    made.input.querySelector(`[value=${MIXED}]`).disabled = true; // it follows from the switches
    return made;
  }

  function presets(change) {
    const buttons = Object.entries(trainer.PRESETS).map(([name, { label }]) => {
      const button = element("button", { type: "button", textContent: label });
      button.addEventListener("click", () => change(name));
      return { name, button };
    });
    const box = element("div", { className: "trainer-presets" },
      ...buttons.map(({ button }) => button));
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Presets");
    const show = (current) => {
      for (const { name, button } of buttons) {
        button.setAttribute("aria-pressed", String(name === current));
      }
    };
    return { element: box, show };
  }

  function optimizer(change) {
    const names = Object.fromEntries(Object.entries(trainer.OPTIMIZERS)
      .map(([name, { label }]) => [name, label]));
    return choice("Classifier's optimizer", names, (settings) => settings.optimizer,
      (name) => change({ optimizer: name }));
  }

  /* What is set before a training, apart from digits and γ. */
  function network(change) {
    const setting = (name, options, key, read = (value) => value) =>
      choice(name, options, (settings) => settings[key], (value) => change({ [key]: read(value) }));
    const sizes = [];
    for (let p = trainer.LEAST_LATENT; p <= trainer.MOST_LATENT; p++) sizes.push(p);
    const rates = Object.fromEntries(trainer.RATES.map((rate, index) => [index, String(rate)]));
    const latent = slider("P", sizes, (settings) => settings.latent, (p) => change({ latent: p }));
    const parts = [
      latent,
      setting("Architecture", trainer.HEADS, "head"),
      protocol(change),
      setting("Penalty", trainer.PENALTIES, "penalty"),
      setting("Softmax", trainer.SOFTMAX, "softmax"),
      setting("Dropout", trainer.DROPOUT_EPOCHS, "dropoutEpochs"),
      choice("Learning rate", rates, (settings) => trainer.RATES.indexOf(settings.rate),
        (index) => change({ rate: trainer.RATES[index] })),
      optimizer(change),
      seed(change),
    ];
    const elements = parts.map((part) => part.element);
    const box = element("div", { className: "trainer-fields" }, ...elements);
    const show = (settings) => {
      for (const part of parts) part.show(settings);
      latent.input.disabled = settings.head === "none";
    };
    return { element: box, show };
  }

  trainer.controls = { slider, choice, gamma, digits, optimizer, presets, network };
})();
