// The panel that answers "why is this here" and "why is it not".
import { ask } from "./api.js";
import { h } from "./mrkdwn.js";
import { ago } from "./time.js";
import { command, deadDeeds } from "./views.js";

const panel = document.getElementById("why");
const MARKS = { sent: "✓", "no match": "✗", withheld: "◌", unknown: "?", error: "!" };
const STATES = { todo: "waiting", sending: "under way", done: "done", dead: "given up", dropped: "dropped", merged: "told by another", folded: "folded into another" };
let shown = 0;

export function close() {
  panel.hidden = true;
  document.body.classList.remove("asking");
}

/** All that was done to one message, and the trace of the delivery that made it. */
export function whyMessage(message) {
  const notes = message.notes;
  show(
    "Why is this here?",
    h(
      "div.causes",
      {},
      notes.map((note, index) =>
        h(
          "button.cause",
          { type: "button", "aria-pressed": String(index === 0), onclick: (event) => pick(event.currentTarget, note.delivery, note.rule) },
          h("b", {}, did(note)),
          h("span", {}, ` by ${note.rule} `),
          note.at ? ago(note.at) : null,
        ),
      ),
    ),
  );
  if (notes.length) trace(notes[0].delivery, notes[0].rule);
}

function did(note) {
  if (note.verb === "react") return `${note.remove ? "took away" : "added"} :${note.emoji}:`;
  return { post: "posted", card: "card", reply: "replied" }[note.verb] ?? note.verb;
}

function pick(button, delivery, rule) {
  for (const other of panel.querySelectorAll(".cause")) other.setAttribute("aria-pressed", String(other === button));
  trace(delivery, rule);
}

function show(title, ...inner) {
  panel.replaceChildren(
    h("header", {}, h("h2", {}, title), h("button.plain", { type: "button", title: "Close (Esc)", "aria-label": "Close", onclick: close }, "✕")),
    ...inner,
    h("div.trace", { "aria-live": "polite" }),
  );
  panel.hidden = false;
  document.body.classList.add("asking");
  panel.querySelector("button").focus({ preventScroll: true });
}

async function trace(delivery, rule) {
  const turn = ++shown;
  const place = panel.querySelector(".trace");
  place.replaceChildren(h("p.quiet", {}, "…"));
  let nodes;
  try {
    const told = await ask(`/api/deliveries/${encodeURIComponent(delivery)}`);
    nodes = told.trace ? traceNodes(told.trace, rule) : [h("p.quiet", {}, "It is not decided yet.")];
  } catch (error) {
    nodes = [h("p.quiet", {}, error.message)];
  }
  if (turn !== shown) return;
  place.replaceChildren(...nodes, h("p.quiet.foot", {}, h("a", { href: `#/delivery/${encodeURIComponent(delivery)}` }, "All about this delivery"), " ", command(delivery)));
}

function traceNodes(told, rule) {
  const rank = (verdict) => (verdict.rule === rule ? 0 : verdict.outcome === "sent" ? 1 : 2);
  const verdicts = [...told.verdicts].sort((a, b) => rank(a) - rank(b));
  return [
    h("div.names", {}, told.names.map((name) => h("span.chip", {}, name))),
    h("h3", {}, "Rules that could want it"),
    verdicts.length ? h("ul.verdicts", {}, verdicts.map((verdict) => verdictNode(verdict, rule))) : h("p.quiet", {}, "None."),
    told.skipped ? h("p.quiet", {}, `${told.skipped} other ${told.skipped === 1 ? "rule is" : "rules are"} for other events or projects.`) : null,
    told.actions.length ? h("h3", {}, "What was done") : null,
    told.actions.length ? h("ul.actions-done", {}, told.actions.map(actionNode)) : null,
    h("p.quiet", {}, "Rules version ", h("code", {}, told.ruleset.slice(0, 8))),
  ].filter((node) => node !== null);
}

/** A rule with its verdict; `rule`: the one that is asked about. */
export function verdictNode(verdict, rule) {
  const failed = verdict.failed;
  return h(
    "li",
    { className: `verdict ${verdict.outcome.replace(" ", "-")}${verdict.rule === rule ? " this" : ""}` },
    h("span.mark", { title: verdict.outcome }, MARKS[verdict.outcome] ?? "?"),
    h(
      "div",
      {},
      h("b", {}, verdict.rule),
      h("code.at", {}, `${verdict.file}:${verdict.line}`),
      h("div.outcome", {}, verdict.outcome === "sent" ? "acted" : verdict.outcome, verdict.reason ? `: ${verdict.reason}` : ""),
      failed
        ? h("div.check", {}, h("code", {}, failed.field), " should be ", h("code", {}, failed.wanted), ", but ", failed.seen === null ? "is absent" : "is ", failed.seen === null ? null : h("code", {}, failed.seen))
        : null,
    ),
  );
}

export function actionNode(action) {
  const what = action.verb === "react" ? `react :${action.emoji}:` : action.verb;
  const took = action.state === "done" && action.took_ms !== null ? `after ${Math.round(action.took_ms)} ms` : action.attempts > 1 ? `${action.attempts} tries` : "";
  return h(
    "li",
    {},
    h("span", {}, what, " → ", h("b", {}, action.channel), h("span.quiet", {}, ` by ${action.rule}`)),
    h("span", {}, took ? h("span.quiet", {}, `${took} `) : null, h(`span.chip.${action.state}`, {}, STATES[action.state] ?? action.state)),
    action.error ? h("div.error", {}, action.error) : null,
    action.state === "dead" ? h("span.deeds", {}, deadDeeds(action.id)) : null,
  );
}
