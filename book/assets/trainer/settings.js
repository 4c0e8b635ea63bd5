/* What can be set, by name and value; the presets; and the setting of a run in words. */
(() => {
  "use strict";
  const trainer = (window.bookTrainer = window.bookTrainer || {});

  const HEADS = {
    binary: "Binary encoding", linear: "Linear penultimate",
    nonlinear: "Non-linear penultimate", none: "No penultimate",
  };
  const PENALTIES = { mean_exp: "mean of exp(x²)", exp_mean: "exp of the mean of x²" };
  const SOFTMAX = { once: "once", twice: "twice" };
  const DROPOUT = { every: "in every epoch", first: "in the first epoch", none: "never" };

  /* The switches of replication.data.recipes that matter here. */
  const PROTOCOLS = {
    described: {
      label: "as described in the paper", words: "protocol as described in the paper",
      switches: { penalty: "mean_exp", softmax: "once", dropoutEpochs: "every" },
    },
    released: {
      label: "of the released code", words: "protocol of the released code",
      switches: { penalty: "exp_mean", softmax: "twice", dropoutEpochs: "first" },
    },
  };

  const RATES = [1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 1e-2];
  const LEAST_LATENT = 2, MOST_LATENT = 16;

  /* The values of γ on its slider: zero, then six to a decade. */
  const GAMMAS = [0];
  for (let power = -2; power < 3; power++) {
    for (const factor of [1, 1.5, 2, 3, 5, 7]) GAMMAS.push(Number(`${factor}e${power}`));
  }
  GAMMAS.push(1000);

  const first = (count) => [...Array(count).keys()];
  const plain = {
    head: "binary", ...PROTOCOLS.described.switches, dropoutEpochs: "none", rate: 2e-3, gamma: 0.1,
    optimizer: "adam",
  };
  const wide = {
    ...plain, ...PROTOCOLS.described.switches, digits: first(10), latent: 16, gamma: 10, rate: 1e-3,
    seed: 0,
  };
  const PRESETS = {
    square: {
      label: "Four digits, a square",
      settings: { ...plain, digits: [0, 1, 4, 7], latent: 2, gamma: 3, seed: 7 },
    },
    cube: {
      label: "Eight digits, a cube",
      settings: { ...plain, digits: first(8), latent: 3, gamma: 0.3, seed: 2 },
    },
    crowded: {
      label: "Ten digits, too few corners",
      settings: { ...plain, digits: first(10), latent: 2, seed: 1 },
    },
    wide: { label: "Ten digits, P = 16", settings: wide },
    codeless: { label: "The same network, no code", settings: { ...wide, optimizer: "sgd" } },
  };

  /* The protocol from which settings differ in the fewest switches, and those switches. */
  function protocolOf(settings) {
    const changed = (name) => Object.entries(PROTOCOLS[name].switches)
      .filter(([key, value]) => settings[key] !== value).map(([key]) => key);
    const names = Object.keys(PROTOCOLS).sort((a, b) => changed(a).length - changed(b).length);
    return { name: names[0], changed: changed(names[0]) };
  }

  const PHRASES = {
    penalty: ({ penalty }) => `penalty ${penalty}`,
    softmax: ({ softmax }) => `softmax ${softmax}`,
    dropoutEpochs: ({ dropoutEpochs }) => `dropout ${DROPOUT[dropoutEpochs]}`,
  };

  /* How the classifier is trained, where it is not as the other layers are. */
  function classifierPart({ optimizer, rate }) {
    if (optimizer === "adam") return [];
    const { label, factor } = trainer.OPTIMIZERS[optimizer];
    const own = Number((factor * rate).toPrecision(3)); // without the product's last bits
    return [`classifier by ${label} (momentum ${trainer.MOMENTUM}, learning rate ${own})`];
  }

  /* One sentence on how a run is trained, with the epochs that it has done. */
  function sentence(run) {
    const { settings, history } = run;
    const changed = new Set(history.slice(1).map(({ gamma }) => gamma)).size > 1;
    const protocol = protocolOf(settings);
    const penalty = `(${changed ? "changed while training; " : ""}${settings.penalty})`;
    const parts = [
      `MLP with ${trainer.HIDDEN.length} hidden layers of width ${trainer.HIDDEN[0]}`,
      ...(settings.head === "none" ? [] : [`P = ${settings.latent}`]),
      settings.head === "binary"
        ? `γ = ${settings.gamma} ${penalty}`
        : HEADS[settings.head].toLowerCase(),
      `learning rate ${settings.rate}`,
      ...classifierPart(settings),
      run.epoch === 1 ? "1 epoch" : `${run.epoch} epochs`,
      `seed ${settings.seed}`,
    ];
    const but = protocol.changed.length
      ? `, but ${protocol.changed.map((key) => PHRASES[key](settings)).join(", ")}` : "";
    return `8×8 digits ${settings.digits.join(", ")}: ${parts.join(", ")}; `
      + `this page's recipe, ${PROTOCOLS[protocol.name].words}${but}.`;
  }

  /* A setting as it stands in an address, and back: undefined for what no control offers. */
  const one = (allowed) => ({
    write: String, read: (text) => allowed.find((own) => String(own) === text),
  });
  const LARGEST_SEED = 4294967295;
  const seeds = {
    write: String,
    read: (text) =>
      (/^\d+$/.test(text) && Number(text) <= LARGEST_SEED ? Number(text) : undefined),
  };
  const several = {
    write: (digits) => digits.join(""),
    read: (text) => {
      const digits = first(10).filter((digit) => text.includes(digit));
      return digits.length > 1 && digits.join("") === text ? digits : undefined;
    },
  };
  const ADDRESSED = {
    digits: several, gamma: one(GAMMAS), head: one(Object.keys(HEADS)),
    latent: one(first(MOST_LATENT + 1).slice(LEAST_LATENT)),
    optimizer: one(Object.keys(trainer.OPTIMIZERS)), rate: one(RATES), seed: seeds,
    penalty: one(Object.keys(PENALTIES)), softmax: one(Object.keys(SOFTMAX)),
    dropoutEpochs: one(Object.keys(DROPOUT)),
  };
  const written = (settings) => Object.fromEntries(
    Object.entries(ADDRESSED).map(([key, { write }]) => [key, write(settings[key])]));
  const read = (texts) => Object.fromEntries(
    Object.entries(ADDRESSED).map(([key, setting]) => [key, setting.read(texts[key])])
      .filter(([, value]) => value !== undefined));

  Object.assign(trainer, {
    HEADS, PENALTIES, SOFTMAX, DROPOUT_EPOCHS: DROPOUT, PROTOCOLS, RATES, LEAST_LATENT, MOST_LATENT,
    GAMMAS, LARGEST_SEED, PRESETS, protocolOf, read, sentence, written,
  });
})();
