// What a run shows on Locust's page: two tables in the Cache tab, a chart beside Locust's charts.
(() => {
  "use strict";

  const POLL_MS = 2000;
  const view = document.createElement("section");
  view.className = "cacheaside-view";
  let shownTab = null;

  const cell = (tag, text, properties = {}) =>
    Object.assign(document.createElement(tag), { textContent: text, ...properties });

  const row = (...cells) => {
    const made = document.createElement("tr");
    made.append(...cells);
    return made;
  };

  const table = (className, head, rows) => {
    const made = document.createElement("table");
    made.className = className;
    if (head) made.createTHead().append(head);
    made.createTBody().append(...rows);
    return made;
  };

  const runTable = ({ run }) => table("run", null, run.map(({ name, value, note }) =>
    row(cell("th", name, { scope: "row" }), cell("td", value), cell("td", note))));

  const resultTable = ({ columns, results, meanings }) => {
    const [name, ...figures] = columns;
    const head = row(cell("th", name.title),
      ...figures.map(({ title }) => cell("th", title, { className: "number" })));
    return table("results", head, results.map((result) => {
      const first = cell("th", result[name.key], { scope: "row" });
      if (meanings[result.name]) first.append(cell("small", meanings[result.name]));
      return row(first, ...figures.map(({ key, title }) => {
        const figure = cell("td", result[key], { className: "number" });
        figure.dataset.title = title;
        return figure;
      }));
    }));
  };

  const showTables = async () => {
    const tables = await (await fetch("./cacheaside/tables")).json();
    const results = tables.results.length
      ? resultTable(tables) : cell("p", "No lookups have been answered yet.");
    view.replaceChildren(cell("h2", "The run"), runTable(tables),
      cell("h2", "Lookups by result"), results);
  };

  const showChart = async () => {
    const width = Math.round(view.clientWidth);
    const drawing = await (await fetch(`./cacheaside/hit-ratio.svg?width=${width}`)).text();
    const figure = document.createElement("div");
    figure.innerHTML = drawing;
    view.replaceChildren(cell("h2", "Hit Ratio"), figure);
  };

  const SHOWS = { cache: showTables, charts: showChart };

  const refresh = async () => {
    const show = SHOWS[shownTab];
    try {
      if (show) await show();
    } catch {
      view.replaceChildren(cell("p", "Locust does not answer."));
    }
  };

  // Locust's page has tabs in one container, and puts what belongs to the present one into it.
  const place = () => {
    const box = document.querySelector('#root [role="tablist"]')?.closest(".MuiContainer-root");
    const tab = box ? new URLSearchParams(location.search).get("tab") : null;
    const wanted = box && SHOWS[tab] ? box : null;
    if (tab === shownTab && view.parentElement === wanted) return;
    shownTab = tab;
    view.replaceChildren();
    if (wanted) wanted.children[0].after(view);
    else view.remove();
    refresh();
  };

  new MutationObserver(place).observe(document.getElementById("root"), { childList: true, subtree: true });
  place();
  setInterval(refresh, POLL_MS);
})();
