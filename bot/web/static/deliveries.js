// The history: filters, a table of deliveries with what became of each, page by page.
import { ask } from "./api.js";
import { h } from "./mrkdwn.js";
import { ago, clock, day } from "./time.js";
import { empty, firstSteps } from "./views.js";

const PAGE = 50;
// Stretches that one page looks through by itself before it asks.
const PATIENCE = 12;
const KEYS = ["status", "event", "project", "acted"];
const MARKS = [["sent", "✓", "acted"], ["withheld", "◌", "matched, and was withheld"], ["error", "!", "failed"], ["unknown", "?", "could not be told"], ["no match", "✗", "did not match"]];

const SIGNS = { todo: "…", sending: "…", done: "✓", dead: "✕" };

let shown = null;
let turn = 0;
let query = new URLSearchParams();
let again = 0;

const status = select("status", "Status", [["", "any status"], ["decided", "decided"], ["failed", "failed"], ["new", "waiting"]]);
const acted = select("acted", "Outcome", [["", "any outcome"], ["yes", "did something"], ["no", "did nothing"]]);
const event = input("event", "Event", "event, e.g. mr.merged");
const project = input("project", "Project", "project, e.g. group/app");
const names = h("datalist", { id: "event-names" });
const filters = h("form.filters", { role: "search", "aria-label": "Narrow the list" }, status, event, project, acted, h("button.plain", { type: "reset" }, "Clear"), names);
const problem = h("p.error", { role: "alert", hidden: true });
const body = h("tbody", {});
const table = h("table.history", {}, h("thead", {}, h("tr", {}, ["When", "Event", "Project", "By", "Rules", "What was done"].map((name) => h("th", { scope: "col" }, name)))), body);
const foot = h("nav.pages", { "aria-label": "Pages" });
const first = h("div", { hidden: true }, empty("No delivery yet", firstSteps()));
const page = h("div.view.wide", {}, filters, problem, first, table, foot);

function select(name, label, options) {
  return h("select", { name, "aria-label": label }, options.map(([value, text]) => h("option", { value }, text)));
}

function input(name, label, placeholder) {
  const node = h("input", { name, placeholder, spellcheck: false, maxLength: 200, "aria-label": label });
  if (name === "event") node.setAttribute("list", "event-names");
  return node;
}

filters.addEventListener("submit", (happened) => {
  happened.preventDefault();
  apply();
});
filters.addEventListener("change", apply);
filters.addEventListener("reset", () => setTimeout(apply));

function apply() {
  const wanted = new URLSearchParams();
  for (const name of KEYS) {
    const value = filters.elements[name].value.trim();
    if (value) wanted.set(name, value);
  }
  location.hash = `/deliveries${wanted.size ? `?${wanted}` : ""}`;
}

/** The view of the address; it keeps itself up to date. */
export function deliveriesPage(address) {
  if (`${address}` !== `${query}` || !shown) {
    query = address;
    for (const name of KEYS) filters.elements[name].value = address.get(name) ?? "";
    shown = [];
    load();
  }
  if (!names.childElementCount) words();
  return page;
}

/** Something changed: the newest page is asked for again, not more often than people read. */
export function deliveriesChanged() {
  if (!shown || query.has("before") || again) return;
  again = setTimeout(() => {
    again = 0;
    if (page.isConnected && !document.hidden) load();
  }, 1200);
}

async function words() {
  const told = await ask("/api/names").catch(() => ({ names: [] }));
  names.replaceChildren(...told.names.map((value) => h("option", { value })));
}

async function load() {
  const mine = ++turn;
  const wanted = new URLSearchParams(query);
  let found = [];
  let told = { after: null, back_to: null };
  try {
    for (let look = 0; look < PATIENCE && found.length < PAGE; look++) {
      told = await ask(`/api/deliveries?${wanted}`);
      if (mine !== turn) return;
      found = [...found, ...told.deliveries];
      if (!told.after) break;
      wanted.set("before", told.after);
      if (found.length < PAGE && told.back_to) foot.replaceChildren(h("span.quiet", {}, `looking, back to ${when(told.back_to)} …`));
    }
  } catch (error) {
    if (mine === turn) say(error.message);
    return;
  }
  say("");
  draw(found, told);
}

function say(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

function draw(found, { after, back_to: backTo }) {
  shown = found;
  const narrowed = KEYS.some((name) => query.has(name));
  first.hidden = found.length > 0 || narrowed || query.has("before") || Boolean(after);
  table.hidden = found.length === 0;
  rows(found);
  const older = new URLSearchParams(query);
  if (after) older.set("before", after);
  const newest = new URLSearchParams(query);
  newest.delete("before");
  foot.replaceChildren(
    ...[
      query.has("before") ? h("a", { href: `#/deliveries?${newest}` }, "⇤ Newest") : null,
      found.length ? null : first.hidden ? h("span.quiet", {}, after ? "Nothing so far." : "Nothing fits.") : null,
      h("span.grow", {}),
      backTo && narrowed ? h("span.quiet", {}, `looked back to ${when(backTo)}`) : null,
      after ? h("a", { href: `#/deliveries?${older}` }, found.length < PAGE ? "Look further →" : "Older →") : null,
    ].filter((node) => node !== null),
  );
}

const when = (iso) => `${day(iso)}, ${clock(iso)}`;

/** Rows that did not change stay the same nodes, and the focus stays where it was. */
function rows(found) {
  const had = new Map([...body.children].map((node) => [node.dataset.delivery, node]));
  const focused = document.activeElement?.closest?.("tr")?.dataset.delivery;
  const nodes = found.map((row) => {
    const signature = JSON.stringify(row);
    const old = had.get(row.id);
    if (old?.signature === signature) return old;
    return Object.assign(rowNode(row), { signature });
  });
  body.replaceChildren(...nodes);
  if (focused) body.querySelector(`tr[data-delivery="${CSS.escape(focused)}"] a`)?.focus({ preventScroll: true });
}

function rowNode(row) {
  const href = `#/delivery/${encodeURIComponent(row.id)}`;
  const name = row.names[0] ?? (row.event || "no event header");
  return h(
    "tr",
    { "data-delivery": row.id, className: row.status, onclick: (happened) => happened.target.closest("a, button") || getSelection().toString() || (location.hash = href.slice(1)) },
    h("td.when", {}, ago(row.received_at)),
    h(
      "td.what",
      {},
      h("a", { href }, h("b", {}, name)),
      row.names.slice(1).map((more) => h("span.also", {}, more)),
      row.replay_of ? h("span.chip", { title: `A copy of ${row.replay_of}` }, "again") : null,
      row.what || name === "other" ? h("div.about", {}, row.what || row.event) : null,
    ),
    h("td.project", {}, row.project),
    h("td.who", {}, row.who),
    h("td.rules", {}, verdicts(row)),
    h("td.deeds", {}, deeds(row)),
  );
}

function verdicts(row) {
  const told = MARKS.filter(([outcome]) => row.verdicts[outcome]);
  return told.map(([outcome, mark, text]) => h(`span.count.${outcome.replace(" ", "-")}`, { title: `${row.verdicts[outcome]} ${text}` }, `${mark} ${row.verdicts[outcome]}`));
}

function deeds(row) {
  if (row.status !== "decided") return [h(`span.chip.${row.status}`, {}, row.status === "new" ? "waiting" : row.status), row.error ? h("div.error", {}, row.error) : null];
  if (!row.actions) return [h("span.quiet", {}, "nothing")];
  const more = row.actions - row.deeds.length;
  return [...row.deeds.map((deed) => h(`span.deed-chip.${deed.state}`, { title: deed.state }, `${deed.verb} → ${deed.channel} ${SIGNS[deed.state] ?? ""}`.trim())), more > 0 ? h("span.quiet", {}, `and ${more} more`) : null];
}

// Arrows and j/k walk through the list, Enter opens.
addEventListener("keydown", (pressed) => {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[pressed.key];
  if (!step || !page.isConnected || /^(INPUT|SELECT)$/.test(pressed.target.tagName) || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
  const links = [...body.querySelectorAll("td.what > a")];
  const here = links.indexOf(document.activeElement);
  const next = links[here < 0 ? 0 : here + step];
  if (!next) return;
  pressed.preventDefault();
  next.focus();
});
