// The page of one delivery: what came, what the rules thought of it, what was done, and when.
import { ask, tell } from "./api.js";
import { deed } from "./buttons.js";
import { h } from "./mrkdwn.js";
import { ago } from "./time.js";
import { command } from "./views.js";
import { actionNode, verdictNode } from "./why.js";

// Rules that did not match are folded away beyond so many.
const FEW = 6;
const page = h("div.view.one", {});
let id = "";
let signature = "";
let turn = 0;

/** The view of that delivery; it keeps itself up to date. */
export function deliveryPage(wanted) {
  if (wanted !== id) {
    id = wanted;
    signature = "";
    page.replaceChildren(h("p.quiet", {}, "…"));
    load();
  }
  return page;
}

export function deliveryChanged() {
  if (page.isConnected) load();
}

async function load() {
  const mine = ++turn;
  let told;
  try {
    told = await ask(`/api/deliveries/${encodeURIComponent(id)}`);
  } catch (error) {
    if (mine === turn && !signature) page.replaceChildren(back(), h("p.error", { role: "alert" }, error.message));
    return;
  }
  const fresh = JSON.stringify(told);
  if (mine !== turn || fresh === signature) return;
  signature = fresh;
  page.replaceChildren(...nodes(told).filter((node) => node !== null));
}

function back() {
  return h("a.back", { href: "#/deliveries" }, "← Deliveries");
}

function nodes({ delivery, trace }) {
  return [
    back(),
    head(delivery, trace),
    delivery?.error || delivery?.status === "failed" ? h("p.error", { role: "alert" }, delivery.error ?? "It could not be decided; the log says why.") : null,
    delivery ? facts(delivery, trace) : null,
    trace ? null : h("p.lead", {}, delivery?.status === "failed" ? "It was kept. When the fault is mended, have it decided again." : "It waits for its decision."),
    ...(trace ? story(trace) : []),
    delivery ? h("details", {}, h("summary", {}, "Headers as kept"), h("table.headers", {}, Object.entries(delivery.headers).map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value))))) : null,
    h("p.quiet.foot", {}, "At the command line: ", command(`bot explain ${id}`), " ", command(`bot deliveries show ${id} --body`)),
  ];
}

function head(delivery, trace) {
  const names = trace?.names ?? [];
  return h(
    "header.about-it",
    {},
    h("h2", {}, names[0] ?? (delivery?.event || "no event"), names.slice(1).map((name) => h("span.also", {}, name))),
    delivery
      ? h(
          "p",
          {},
          delivery.what ? (/^https?:/.test(delivery.url) ? h("a", { href: delivery.url, rel: "noreferrer", target: "_blank" }, delivery.what) : h("b", {}, delivery.what)) : null,
          delivery.who ? h("span.quiet", {}, ` by ${delivery.who}`) : null,
        )
      : h("p.quiet", {}, "Fell due by itself: a batch, the end of quiet hours, or a time rule."),
    delivery
      ? deed("Decide again", async () => {
          const { id: copy } = await tell(`/api/deliveries/${encodeURIComponent(id)}/replay`, {});
          location.hash = `/delivery/${copy}`;
          return "decided again";
        }, { sure: "With today’s rules; what was sent stays. Sure?" })
      : null,
  );
}

function facts(delivery, trace) {
  const decided = trace ? new Date(trace.decided_at) - new Date(delivery.received_at) : null;
  const found = [
    ["Received", ago(delivery.received_at)],
    ["Decided", decided === null ? "not yet" : `after ${span(decided)}`],
    ["Status", h(`span.chip.${delivery.status}`, {}, delivery.status === "new" ? "waiting" : delivery.status)],
    ["Project", delivery.project || "–"],
    ["From", `${delivery.instance}, ${delivery.event || "no event header"}`],
    ["Hook", h("code", {}, delivery.hook)],
    ["Size", size(delivery.bytes)],
    ["Rules", trace ? h("code", {}, trace.ruleset.slice(0, 8)) : "–"],
  ];
  return h("dl.facts", {}, found.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function story(trace) {
  const at = (outcomes) => trace.verdicts.filter((verdict) => outcomes.includes(verdict.outcome));
  const missed = at(["no match"]);
  const wanted = trace.verdicts.filter((verdict) => verdict.outcome !== "no match");
  const list = (verdicts) => h("ul.verdicts", {}, verdicts.map((verdict) => verdictNode(verdict, null)));
  return [
    h("h3", {}, "What was done"),
    trace.actions.length ? h("ul.actions-done", {}, trace.actions.map(actionNode)) : h("p.quiet", {}, "Nothing."),
    trace.held?.length ? h("ul.actions-done", {}, trace.held.map(heldNode)) : null,
    h("h3", {}, "Rules that wanted it"),
    wanted.length ? list(wanted) : h("p.quiet", {}, "None."),
    missed.length ? h("details", { open: missed.length <= FEW }, h("summary", {}, `${missed.length} ${missed.length === 1 ? "rule" : "rules"} that could, and did not match`), list(missed)) : null,
    trace.skipped ? h("p.quiet", {}, `${trace.skipped} other ${trace.skipped === 1 ? "rule is" : "rules are"} for other events or projects.`) : null,
    everything(),
  ];
}

function heldNode(held) {
  const gone = held.released_in ? h("a", { href: `#/delivery/${encodeURIComponent(held.released_in)}` }, "what became of it") : ["until ", new Date(held.due).toLocaleString()];
  return h("li", {}, h("span", {}, `held (${held.kind}) → `, h("b", {}, held.channel), h("span.quiet", {}, ` by ${held.rule}`)), h("span", {}, gone));
}

function everything() {
  const text = h("pre.explained", {}, "…");
  const node = h("details", {}, h("summary", {}, "Every condition of every rule"), text);
  node.addEventListener(
    "toggle",
    async () => {
      text.textContent = await ask(`/api/deliveries/${encodeURIComponent(id)}/explained`).then((told) => told.text, (error) => error.message);
    },
    { once: true },
  );
  return node;
}

const span = (ms) => (ms < 1000 ? `${Math.max(0, ms)} ms` : ms < 120000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60000)} min`);
const size = (bytes) => (bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
