// The run-time panel: shows and changes the service's knobs on Locust's own page.
(() => {
  "use strict";

  const STYLE = `
    #cacheaside-panel { position: fixed; right: 16px; bottom: 16px; z-index: 1200; width: 350px;
      max-width: calc(100vw - 32px); max-height: calc(100vh - 32px); overflow: auto;
      font: 14px/1.4 Roboto, Helvetica, Arial, sans-serif; color: #f5f5f5; background: #1e2a26;
      border: 1px solid #2f6f57; border-radius: 6px; box-shadow: 0 4px 16px rgb(0 0 0 / 40%); }
    #cacheaside-panel summary { cursor: pointer; padding: 10px 14px; font-weight: 500; }
    #cacheaside-panel summary span { float: right; font-variant-numeric: tabular-nums; }
    #cacheaside-panel form, #cacheaside-panel form > div { display: grid; gap: 8px; }
    #cacheaside-panel form { padding: 4px 14px 14px; }
    #cacheaside-panel label { display: grid; grid-template-columns: 1fr 120px; gap: 8px;
      align-items: center; }
    #cacheaside-panel input, #cacheaside-panel select, #cacheaside-panel button { font: inherit;
      color: inherit; background: #12201b; border: 1px solid #4d7f6c; border-radius: 4px;
      padding: 6px 8px; min-width: 0; }
    #cacheaside-panel .changed { border-color: #ffb74d; }
    #cacheaside-panel button { background: #15803d; border-color: #15803d; cursor: pointer; }
    #cacheaside-panel button:disabled { background: #3a4a44; border-color: #3a4a44;
      cursor: default; }
    #cacheaside-panel :focus-visible { outline: 2px solid #ffb74d; outline-offset: 1px; }
    #cacheaside-panel [hidden] { display: none; }
    #cacheaside-panel p { margin: 0; min-height: 1.4em; overflow-wrap: anywhere; }
    #cacheaside-panel p.refused { color: #ff8a80; }
    @media (max-width: 600px) { body { padding-bottom: 64px; } #cacheaside-panel { right: 8px; left: 8px; bottom: 8px;
      width: auto; max-width: none; max-height: 60vh; } }`;

  const POLL_MS = 2000;
  const SILENT = "The service does not answer.";
  const inputs = new Map();
  let inForce = {};

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const ratios = make("span", { textContent: "–" });
  const message = make("p");
  message.setAttribute("role", "status");
  const apply = make("button", { type: "submit", textContent: "Apply", disabled: true, hidden: true });
  const fields = make("div", { hidden: true });
  const form = make("form", { noValidate: true }, fields, message, apply);
  const panel = make("details", { id: "cacheaside-panel" },
    make("summary", {}, "Cache knobs", ratios), form);

  const words = (key) => key.replaceAll("_", " ");
  const isChanged = (key) => inputs.get(key).value.trim() !== String(inForce[key]);
  const percent = (ratio) => (ratio === null ? "–" : `${(ratio * 100).toFixed(1)} %`);

  const markChanges = () => {
    for (const [key, input] of inputs) input.classList.toggle("changed", isChanged(key));
    apply.disabled = ![...inputs.keys()].some(isChanged);
  };

  const makeField = ({ key, choices }) => {
    const input = choices.length
      ? make("select", {}, ...choices.map((word) => make("option", { textContent: word })))
      : make("input", { type: "text", inputMode: "decimal", autocomplete: "off" });
    input.name = key;
    input.addEventListener("input", markChanges);
    inputs.set(key, input);
    fields.append(make("label", {}, make("span", { textContent: words(key) }), input));
  };

  // A field that the user has edited keeps its text; the others follow the service.
  const showKnobs = (knobs) => {
    for (const [key, input] of inputs) {
      const untouched = inForce[key] === undefined || !isChanged(key);
      if (untouched && knobs[key] !== undefined) input.value = String(knobs[key]);
    }
    inForce = knobs;
    markChanges();
  };

  const poll = async () => {
    try {
      const state = await (await fetch("./cacheaside/live")).json();
      if (!inputs.size) state.fields.forEach(makeField);
      const [measured, predicted] = [state.hit_ratio, state.predicted_hit_ratio].map(percent);
      ratios.textContent = `hit ${measured}, theory ${predicted}`;
      ratios.title = "Hit ratio measured over the last 10 s, and predicted by theory";
      const known = Object.keys(state.knobs).length > 0;
      fields.hidden = apply.hidden = !known;
      if (known) showKnobs(state.knobs);
      if (known === (message.textContent === SILENT)) message.textContent = known ? "" : SILENT;
    } catch {
      ratios.textContent = "–";
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const changed = [...inputs.keys()].filter(isChanged);
    const body = JSON.stringify(Object.fromEntries(changed.map((key) => [key, inputs.get(key).value])));
    try {
      const headers = { "Content-Type": "application/json" };
      const response = await fetch("./cacheaside/knobs", { method: "POST", headers, body });
      const answer = await response.json();
      message.className = response.ok ? "" : "refused";
      message.textContent = response.ok ? `${changed.map(words).join(", ")}: in force` : answer.message;
      if (response.ok) {
        for (const key of changed) inputs.get(key).value = String(answer.knobs[key]);
        showKnobs(answer.knobs);
      }
    } catch {
      message.className = "refused";
      message.textContent = "Locust did not answer.";
    }
  });

  document.head.append(make("style", { textContent: STYLE }));
  document.body.append(panel);
  poll();
  setInterval(poll, POLL_MS);
})();
