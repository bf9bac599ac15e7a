// The lists beside the messages: deliveries, what was given up, the rules file.
import { tell } from "./api.js";
import { deed } from "./buttons.js";
import { h } from "./mrkdwn.js";
import { ago, clock } from "./time.js";

const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

export function deadView(state) {
  if (!state.dead.length) return [empty("Nothing was given up", [h("p", {}, "Actions that fail for good are kept here, with the reason.")])];
  const every = state.backlog.dead;
  return [
    h(
      "p.lead.with-deed",
      {},
      h("span", {}, "Put the cause right, then bring them back in their order.", every > state.dead.length ? ` The oldest ${state.dead.length} of ${every} are shown.` : ""),
      every > 1 ? deed(`Try all ${every} again`, async () => `${(await tell("/api/outbox/retry", { all: true })).count} back in line`, { sure: "Really all?" }) : null,
    ),
    h("div.rows", {}, state.dead.map(deadNode)),
  ];
}

function deadNode(item) {
  return h(
    "div.row.dead",
    {},
    h("span.when", {}, ago(item.created_at)),
    h(
      "span.what",
      {},
      h("b", {}, `${item.verb} → ${item.channel}`),
      h("span.quiet", {}, ` ${item.rule} `),
      h("a", { href: `#/delivery/${encodeURIComponent(item.delivery)}` }, "why"),
      h("div.error", {}, item.error ?? ""),
    ),
    h("span.deeds", {}, deadDeeds(item.id)),
  );
}

/** Buttons for one action that was given up. */
export function deadDeeds(id) {
  return [
    deed("Try again", async () => {
      await tell("/api/outbox/retry", { ids: [id] });
      return "back in line";
    }),
    deed("Drop", async () => {
      await tell("/api/outbox/drop", { ids: [id] });
      return "dropped";
    }, { sure: "Drop for good?", kind: "danger" }),
  ];
}

export function rulesView(state) {
  const rules = state.rules;
  const loaded = rules.loaded_at ? ago(rules.loaded_at) : "never";
  return [
    h(
      "div.facts",
      {},
      fact("File", h("code", {}, rules.file)),
      fact("Rules", `${rules.rules}`),
      fact("Loaded", loaded),
      fact("Version", h("code", {}, rules.hash.slice(0, 8) || "none")),
    ),
    rules.faults.length
      ? h("div", {}, rules.faults.map(faultNode))
      : h("p.lead", {}, "The file has no faults. Edit and save it: it takes effect at once, without a restart."),
  ];
}

function fact(name, value) {
  return h("div", {}, h("div.quiet", {}, name), h("div", {}, value));
}

/** One fault as a compiler shows it: where, what, the line, a caret, what would be right. */
export function faultNode(fault) {
  const at = `${fault.file}:${fault.line}:${fault.column}`;
  const lines = [];
  if (fault.excerpt !== null) {
    const number = `${fault.line} │ `;
    // The caret stands below its character also behind tabs.
    const pad = " ".repeat(number.length - 2) + "│ " + fault.excerpt.slice(0, fault.column - 1).replace(/[^\t]/g, " ");
    lines.push(number + fault.excerpt, "\n", pad, h("span.caret", {}, "^".repeat(Math.max(1, fault.length))));
  }
  return h(
    `div.fault.${fault.level}`,
    {},
    h("div", {}, h("code", {}, at), " ", h("b", {}, fault.text)),
    lines.length ? h("pre", {}, lines) : null,
    fault.hint ? h("div.hint", {}, fault.hint) : null,
  );
}

export function banners(state) {
  const found = [];
  const errors = state.rules.faults.filter((fault) => fault.level === "error");
  if (state.rules.status !== "ok") {
    const since = state.rules.loaded_at ? ` of ${clock(state.rules.loaded_at)}` : "";
    const said = state.rules.status === "stale" ? `${state.rules.file} does not load; the rules${since} stay in force.` : "There are no rules yet.";
    found.push(
      h(
        "div.banner.danger",
        { role: "alert" },
        h("div", {}, h("b", {}, said), errors.length > 1 ? h("a", { href: "#/rules" }, ` All ${errors.length} faults`) : null),
        errors.length ? faultNode(errors[0]) : null,
      ),
    );
  }
  if (state.backlog.dead) {
    found.push(
      h("div.banner.warning", {}, h("b", {}, `${plural(state.backlog.dead, "action was", "actions were")} given up. `), h("a", { href: "#/dead" }, "See why")),
    );
  }
  return found;
}

export function emptyMessages(state) {
  if (!state.preview) {
    const away = "Messages go to Slack. Here you see what came in, and why it did or did not become a message.";
    return empty("Messages are in Slack", [h("p", {}, away), h("p", {}, h("a", { href: "#/deliveries" }, "Deliveries"))]);
  }
  return empty("Nothing has been posted yet", firstSteps());
}

export function empty(title, inner) {
  return h("div.empty", {}, h("span.avatar.large", { "aria-hidden": "true" }), h("h2", {}, title), inner);
}

export function firstSteps() {
  const step = (number, title, ...inner) => h("li", {}, h("span.number", {}, `${number}`), h("div", {}, h("b", {}, title), h("div", {}, inner)));
  return h(
    "ol.steps",
    {},
    step(1, "Send a first event", "In a terminal: ", command("bot send push"), " posts a signed sample, as the forge would."),
    step(2, "Say what goes where", "Edit ", h("code", {}, "rules.yaml"), " and save: it takes effect at once. A mistake is shown here, with its line."),
    step(3, "Connect a project", "Type ", command("/hook add group/repo"), " below: the bot makes the webhook and proves that it works."),
  );
}

/** A command that is copied when pressed. */
export function command(text) {
  const node = h("button.copy", {
    type: "button",
    title: "Copy",
    onclick: async () => {
      await navigator.clipboard?.writeText(text).catch(() => {});
      node.classList.add("copied");
      setTimeout(() => node.classList.remove("copied"), 1200);
    },
  });
  node.textContent = text;
  return node;
}
