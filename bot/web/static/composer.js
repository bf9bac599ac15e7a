// The box for `/hook …`: sends a command, waits for its answer, and shows both.
import { body, h } from "./mrkdwn.js";

const form = document.getElementById("composer");
const input = document.getElementById("command");
const hints = document.getElementById("hints");
const answers = document.getElementById("answers");
const HINTS = [
  ["/hook add group/repo", "make the webhook of a project, and prove it"],
  ["/hook list", "the webhooks this bot made"],
  ["/hook show group/repo", "one of them: what it brings, what did not arrive"],
  ["/hook sync", "how they differ from what the rules want, and mend it"],
  ["/hook test group/repo", "send a test delivery through one"],
  ["/hook remove group/repo", "take one away"],
  ["/hook help", "every command"],
];
const POLL_MS = 400;
const history = [];
let past = 0;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  showHints();
  give(text);
});

document.addEventListener("give", (event) => give(event.detail));

function give(text) {
  history.push(text);
  past = history.length;
  run(text);
}

input.addEventListener("input", showHints);
input.addEventListener("focus", showHints);
input.addEventListener("blur", () => setTimeout(() => (hints.hidden = true), 150));
input.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hints.hidden = true;
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  event.preventDefault();
  past = Math.min(history.length, Math.max(0, past + (event.key === "ArrowUp" ? -1 : 1)));
  input.value = history[past] ?? "";
});

function showHints() {
  const typed = input.value;
  const fitting = typed.startsWith("/") ? HINTS.filter(([text]) => text.startsWith(typed) && text !== typed) : [];
  hints.replaceChildren(
    ...fitting.map(([text, about]) =>
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            input.value = text;
            input.focus();
            const from = text.indexOf("group/repo");
            if (from >= 0) input.setSelectionRange(from, text.length);
            hints.hidden = true;
          },
        },
        h("b", {}, text),
        h("span.quiet", {}, about),
      ),
    ),
  );
  hints.hidden = !fitting.length || document.activeElement !== input;
}

async function run(text) {
  const result = h("div.result", {}, h("span.quiet", {}, "working…"));
  const node = h(
    "div.answer",
    {},
    h("div.asked", {}, h("code", {}, text), h("span.quiet", {}, "only visible on this page"), h("button.plain", { type: "button", "aria-label": "Dismiss", onclick: () => node.remove() }, "✕")),
    result,
  );
  answers.append(node);
  reveal(node);
  try {
    const asked = await call("/api/command", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text }) });
    const done = await finished(asked.job);
    node.classList.toggle("failed", done.state === "failed");
    result.replaceChildren(done.answer ? body(done.answer) : done.state);
  } catch (error) {
    node.classList.add("failed");
    result.replaceChildren(error.message);
  }
  reveal(node);
}

// What is longer than its place is read from its beginning.
function reveal(node) {
  node.scrollIntoView({ block: node.offsetHeight > answers.clientHeight ? "start" : "end" });
}

async function finished(job) {
  for (;;) {
    const told = await call(`/api/jobs/${encodeURIComponent(job)}`);
    if (told.state === "done" || told.state === "failed") return told;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function call(address, options) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    throw new Error("The bot does not answer.");
  }
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}
