// Search and sorting: what a page can do without them stands in the page itself.
"use strict";

const plain = (text) =>
  (text || "").normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

function search(form) {
  const input = form.querySelector("input");
  const list = form.querySelector("#hits");
  const told = form.querySelector("#told");
  const schools = window.schools.map(([name, lea, state, slug]) => {
    return { name, lea, state, slug, text: plain(`${name} ${lea || ""} ${state}`) };
  });
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  });
  input.addEventListener("input", () => {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    const hits = words.length
      ? schools.filter(({ text }) => words.every((word) => text.includes(word)))
      : [];
    told.textContent = !words.length
      ? ""
      : hits.length > 20
        ? `${hits.length} schools; the first 20 are listed. Type more to narrow them down.`
        : `${hits.length} ${hits.length === 1 ? "school" : "schools"} found.`;
    list.replaceChildren(...hits.slice(0, 20).map(hit));
  });
  form.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      input.value = "";
      input.dispatchEvent(new Event("input"));
      input.focus();
    } else if (step) {
      const stops = [input, ...list.querySelectorAll("a")];
      stops[stops.indexOf(document.activeElement) + step]?.focus();
      event.preventDefault();
    }
  });
}

function hit({ name, lea, state, slug }) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const title = document.createElement("strong");
  title.textContent = name;
  link.href = `schools/${encodeURIComponent(slug)}.html`;
  link.append(title, ` ${[lea, state].filter(Boolean).join(", ")}`);
  item.append(link);
  return item;
}

function sortable(head) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const body = head.closest("table").tBodies[0];
    const at = head.cellIndex;
    const of = (row) => row.cells[at].textContent.trim();
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [of(a), of(b)];
      const [m, n] = [parseFloat(x), parseFloat(y)];
      // What has no number comes last, whichever way the rest is sorted.
      if (at && Number.isNaN(m) !== Number.isNaN(n)) return Number.isNaN(m) ? 1 : -1;
      const order = at && m !== n && !Number.isNaN(m) ? m - n : x.localeCompare(y);
      return up ? order : -order;
    });
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...rows);
  });
}

document.querySelectorAll("form[role=search]").forEach(search);
document.querySelectorAll("th[data-sort]").forEach(sortable);
