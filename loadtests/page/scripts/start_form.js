// Locust's start form and edit form: fields in groups, each with its explanation.
(() => {
  "use strict";

  const { groups, help, editable } = window.templateArgs.cacheaside;
  const camel = (key) => key.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  const fieldIn = (form, key) =>
    form.querySelector(`[name="${camel(key)}"]`)?.closest(".MuiFormControl-root");

  const explain = (field, key) => {
    const text = document.createElement("p");
    text.className = "cacheaside-help";
    text.id = `cacheaside-help-${key}`;
    text.textContent = help[key];
    field.append(text);
    field.querySelector(`[name="${camel(key)}"]`).setAttribute("aria-describedby", text.id);
  };

  const addHeading = (title, fields, open) => {
    const heading = document.createElement("button");
    heading.type = "button";
    heading.className = "cacheaside-group";
    heading.append(`${title} `, document.createElement("span"));
    heading.lastChild.textContent = `${fields.length} fields`;
    const show = (shown) => {
      heading.setAttribute("aria-expanded", String(shown));
      for (const field of fields) field.classList.toggle("cacheaside-hidden", !shown);
    };
    heading.addEventListener("click", () => show(heading.getAttribute("aria-expanded") !== "true"));
    fields[0].before(heading);
    show(open);
  };

  // During a run only some fields may change; the server refuses the others too.
  const fix = (field, key) => {
    field.classList.add("cacheaside-fixed");
    field.querySelector(`[name="${camel(key)}"]`).disabled = true;
    field.querySelector(".cacheaside-help").textContent += " Cannot change during a run.";
  };

  const arrange = (form) => {
    form.dataset.cacheaside = "arranged";
    const isEdit = !form.querySelector('[name="host"]');
    for (const key of Object.keys(help)) {
      const field = fieldIn(form, key);
      if (!field) continue;
      explain(field, key);
      const isOwn = groups.some(({ keys }) => keys.includes(key));
      if (isEdit && isOwn && !editable.includes(key)) fix(field, key);
    }
    groups.forEach(({ title, keys }, number) => {
      const fields = keys.map((key) => fieldIn(form, key)).filter(Boolean);
      if (!fields.length) return;
      fields[0].parentElement.classList.add("cacheaside-fields");
      addHeading(title, fields, number === 0);
    });
    const closed = fieldIn(form, groups[0].keys[0])?.closest(".MuiAccordion-root")
      ?.querySelector('[aria-expanded="false"]');
    closed?.click();
  };

  // Locust closes its edit form before it knows the answer, so a refusal would not be seen.
  const showRefusal = (message) => {
    document.getElementById("cacheaside-refusal")?.remove();
    const bar = document.createElement("div");
    bar.id = "cacheaside-refusal";
    bar.setAttribute("role", "alert");
    const close = document.createElement("button");
    close.textContent = "Close";
    close.addEventListener("click", () => bar.remove());
    bar.append(`Not changed: ${message}`, close);
    document.body.prepend(bar);
    window.scrollTo(0, 0);
  };

  const send = window.fetch;
  window.fetch = async (...request) => {
    const response = await send(...request);
    const url = request[0] instanceof Request ? request[0].url : String(request[0]);
    if (/\/swarm$/.test(new URL(url, location.href).pathname)) {
      const answer = await response.clone().json().catch(() => ({}));
      document.getElementById("cacheaside-refusal")?.remove();
      const startForm = document.querySelector('form [name="host"]');
      if (answer.success === false && !startForm) showRefusal(answer.message);
    }
    return response;
  };

  const look = () => {
    for (const form of document.querySelectorAll("form:not([data-cacheaside])")) {
      if (form.querySelector('[name="userCount"]')) arrange(form);
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
})();
