// The knob panel: shows and changes the service's knobs, in a bar above Locust's own page.
(() => {
  "use strict";

  const POLL_MS = 2000;
  const SILENT = "The service does not answer.";
  const inputs = new Map();
  let inForce = {};

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const ratios = make("span");
  const message = make("p");
  message.setAttribute("role", "status");
  const apply = make("button", { type: "submit", textContent: "Apply", disabled: true, hidden: true });
  const fields = make("div", { hidden: true, className: "fields" });
  const form = make("form", { noValidate: true }, fields,
    make("div", { className: "apply" }, apply, message));
  const panel = make("details", { id: "cacheaside-panel" },
    make("summary", {}, "Cache knobs", ratios), form);

  const words = (key) => key.replaceAll("_", " ");
  const isChanged = (key) => inputs.get(key).value.trim() !== String(inForce[key]);
  const percent = (ratio, unknown) => (ratio === null ? unknown : `${(ratio * 100).toFixed(1)} %`);

  const markChanges = () => {
    for (const [key, input] of inputs) input.classList.toggle("changed", isChanged(key));
    apply.disabled = ![...inputs.keys()].some(isChanged);
  };

  const makeField = ({ key, choices, help }) => {
    const input = choices.length
      ? make("select", {}, ...choices.map((word) => make("option", { textContent: word })))
      : make("input", { type: "text", inputMode: "decimal", autocomplete: "off" });
    input.name = key;
    input.addEventListener("input", markChanges);
    inputs.set(key, input);
    fields.append(make("label", { title: help }, make("span", { textContent: words(key) }), input));
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
      const measured = percent(state.hit_ratio, state.unsaid ? "unknown" : "not measured yet");
      const predicted = percent(state.predicted_hit_ratio, "unknown");
      ratios.textContent = `hit ratio ${measured}, theory ${predicted}`;
      ratios.title = "Hit ratio measured over the last 10 s, and predicted for a warm cache";
      const known = Object.keys(state.knobs).length > 0;
      fields.hidden = apply.hidden = !known;
      if (known) showKnobs(state.knobs);
      if (known === (message.textContent === SILENT)) message.textContent = known ? "" : SILENT;
    } catch {
      ratios.textContent = "Locust does not answer";
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

  document.body.prepend(panel);
  poll();
  setInterval(poll, POLL_MS);
})();
