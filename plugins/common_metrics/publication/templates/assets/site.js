// Search and sorting: what a page can do without them stands in the page itself.
"use strict";

// Accents, apostrophes of any shape and dots make no difference: O’Dell is odell.
const plain = (text) =>
  (text || "")
    .normalize("NFD")
    .replace(/[\u0300-\u036f'\u2018\u2019\u02bc`.]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
// A code stays one where a spreadsheet has cut its leading zeros.
const bare = (code) => plain(code).replace(/ /g, "").replace(/^0+/, "");

function entry([name, lea, state, stateName, slug, isActive, nces, own]) {
  const [title, town] = [plain(name), plain(lea)];
  const place = plain(`${town} ${state} ${stateName}`);
  const codes = [slug, nces, own].map(bare).filter(Boolean);
  return { name, lea, state, slug, isActive, title, town, place, codes };
}

// Whether one letter more, less, other or swapped makes one word of the other.
function isSlip(one, other) {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const [a, b] = [one.slice(at), other.slice(at)];
  const isSwapped = a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1) || isSwapped;
}

const starts = (text, words) =>
  words.every((word) => ` ${text}`.includes(` ${word}`));
const slips = (text, words) =>
  words.every(
    (word) =>
      starts(text, [word]) ||
      (word.length > 3 &&
        text
          .split(" ")
          .some((known) =>
            [-1, 0, 1].some((n) => isSlip(word, known.slice(0, word.length + n))),
          )),
  );

// How near a school is to what was typed: a town's own school before the others in it.
function rank({ title, town, place, codes }, query) {
  const words = query.split(" ");
  const code = bare(query);
  const ways = [
    () => title === query || (code.length > 3 && codes.includes(code)),
    () => title.startsWith(query),
    () => starts(title, words),
    () => starts(town, words),
    () => starts(`${title} ${place}`, words),
    () => code.length > 3 && codes.some((known) => known.startsWith(code)),
    () => words.every((word) => `${title} ${place}`.includes(word)),
    () => slips(`${title} ${place}`, words),
  ];
  return ways.findIndex((isSo) => isSo());
}

function find(schools, query) {
  const found = schools
    .map((school) => ({ school, at: rank(school, query) }))
    .filter(({ at }) => at >= 0)
    .sort(
      (a, b) =>
        a.at - b.at ||
        b.school.isActive - a.school.isActive ||
        a.school.name.localeCompare(b.school.name),
    );
  // A slip of a letter is thought of only where nothing is spelled as it was typed.
  const isSpelled = ({ at }) => at < 7;
  return (found.some(isSpelled) ? found.filter(isSpelled) : found).map((f) => f.school);
}

function search(form) {
  const input = form.querySelector("input");
  const list = form.querySelector("#hits");
  const told = form.querySelector("#told");
  const help = form.querySelector("#help");
  const schools = window.schools.map(entry);
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  });
  input.addEventListener("input", () => {
    const query = plain(input.value);
    const hits = query ? find(schools, query) : [];
    help.hidden = !query || hits.length > 0;
    told.textContent = !query
      ? ""
      : !hits.length
        ? `No school found for “${input.value.trim()}”.`
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

function hit({ name, lea, state, slug, isActive }) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const title = document.createElement("strong");
  title.textContent = name;
  link.href = `schools/${encodeURIComponent(slug)}.html`;
  const about = [lea, state, isActive ? "" : "closed"].filter(Boolean).join(", ");
  link.append(title, ` ${about}`);
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
