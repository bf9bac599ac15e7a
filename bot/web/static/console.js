// The page: holds what the stream told, and shows the part of it that the address names.
import { h } from "./mrkdwn.js";
import { day } from "./time.js";
import { channelName, messageNode } from "./messages.js";
import { deliveriesChanged, deliveriesPage } from "./deliveries.js";
import { deliveryChanged, deliveryPage } from "./delivery.js";
import { banners, deadView, emptyMessages, rulesView } from "./views.js";
import { close, whyMessage } from "./why.js";
import "./composer.js";

const $ = (id) => document.getElementById(id);
const messages = new Map();
const unread = new Map();
let state = null;
let drawn = new Map();

const key = (message) => `${message.channel} ${message.ts}`;

// -- where we are --------------------------------------------------------------------------------

function view() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const [, name = "", ...rest] = path.split("/");
  if (name === "c") return { name, channel: decodeURIComponent(rest.join("/")) };
  if (name === "delivery") return { name, id: decodeURIComponent(rest.join("/")) };
  if (["deliveries", "dead", "rules"].includes(name)) return { name, query: new URLSearchParams(query) };
  if (!name && state && !state.preview) return { name: "deliveries", query: new URLSearchParams(query) };
  return { name: "all" };
}

addEventListener("hashchange", () => {
  close();
  draw();
  toEnd();
});

addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
  if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    $("command").focus();
  }
});

// -- the stream ----------------------------------------------------------------------------------

function listen() {
  const stream = new EventSource("/events");
  stream.addEventListener("open", () => setLive("live", "good"));
  stream.addEventListener("error", () => setLive(stream.readyState === EventSource.CLOSED ? "closed: reload the page" : "reconnecting…", "bad"));
  stream.addEventListener("trouble", (event) => setLive(JSON.parse(event.data), "bad"));
  stream.addEventListener("messages", (event) => take(JSON.parse(event.data)));
  stream.addEventListener("state", (event) => {
    const told = JSON.parse(event.data);
    const moved = state && JSON.stringify([state.newest, state.backlog]) !== JSON.stringify([told.newest, told.backlog]);
    state = told;
    setLive("live", "good");
    if (moved) deliveriesChanged();
    if (moved) deliveryChanged();
    schedule();
  });
}

function take({ reset, messages: changed }) {
  const before = new Set(messages.keys());
  if (reset) messages.clear();
  for (const message of changed) {
    if (!before.has(key(message)) && before.size) count(message.channel);
    messages.set(key(message), message);
  }
  schedule();
}

function count(channel) {
  const current = view();
  const seen = current.name === "all" || (current.name === "c" && current.channel === channel);
  if (!seen || document.hidden) unread.set(channel, (unread.get(channel) ?? 0) + 1);
}

function setLive(text, kind) {
  $("live").textContent = text;
  $("live").className = `pill ${kind}`;
}

// -- drawing -------------------------------------------------------------------------------------

let scheduled = false;
function schedule() {
  if (scheduled) return;
  scheduled = true;
  // Not an animation frame: a page in the background counts unread messages too.
  setTimeout(() => {
    scheduled = false;
    draw();
  }, 0);
}

function draw() {
  if (!state) return;
  const current = view();
  const atEnd = isAtEnd();
  if (current.name === "c" && !document.hidden) unread.delete(current.channel);
  if (current.name === "all" && !document.hidden) unread.clear();
  drawFrame(current);
  const before = $("list").lastElementChild;
  if (current.name === "all" || current.name === "c") drawMessages(current);
  else drawView(current);
  const fresh = $("list").lastElementChild !== before && drawn.size > 0;
  if (atEnd) toEnd();
  else if (fresh) $("newer").hidden = false;
}

function drawFrame(current) {
  const channels = [...new Set([...messages.values()].map((message) => message.channel))].sort();
  const total = [...unread.values()].reduce((sum, number) => sum + number, 0);
  document.title = total ? `(${total}) chatops-bot` : "chatops-bot";
  $("channels").replaceChildren(...channels.map((channel) => item(`#/c/${encodeURIComponent(channel)}`, channelName(channel), current.channel === channel, unread.get(channel))));
  $("no-channels").hidden = channels.length > 0;
  $("views").replaceChildren(
    item("#/all", "All messages", current.name === "all", 0),
    item("#/deliveries", "Deliveries", current.name === "deliveries" || current.name === "delivery", 0),
    item("#/rules", "Rules", current.name === "rules", state.rules.faults.length, state.rules.status === "ok" ? "" : "danger"),
    item("#/dead", "Given up", current.name === "dead", state.backlog.dead, "danger"),
  );
  $("title").textContent = { all: "All messages", deliveries: "Deliveries", delivery: "Delivery", dead: "Given up", rules: "Rules", c: channelName(current.channel ?? "") }[current.name];
  $("mode").hidden = false;
  $("mode").textContent = state.preview ? "Preview: nothing is sent to Slack" : "Connected to Slack";
  $("logout").hidden = !state.logout;
  const waiting = state.backlog.deliveries + state.backlog.outbox;
  if (waiting) setLive(`${waiting} under way`, "busy");
  else if ($("live").classList.contains("busy")) setLive("live", "good");
  const shown = JSON.stringify([state.rules, state.backlog.dead]);
  if ($("banners").dataset.shown !== shown) {
    $("banners").replaceChildren(...banners(state));
    $("banners").dataset.shown = shown;
  }
}

function item(href, text, here, number, kind = "") {
  return h(
    "li",
    {},
    h("a", { href, className: number ? "unread" : "", "aria-current": here ? "page" : undefined }, h("span", {}, text), number ? h("span", { className: `badge ${kind}` }, `${number}`) : null),
  );
}

function drawMessages(current) {
  const all = [...messages.values()].filter((message) => current.name === "all" || message.channel === current.channel);
  const replies = new Map();
  const roots = [];
  for (const message of all) {
    const root = message.thread && messages.get(`${message.channel} ${message.thread}`);
    if (root && message.thread !== message.ts) {
      const of = key(root);
      if (!replies.has(of)) replies.set(of, []);
      replies.get(of).push(message);
    }
    if (!root || message.broadcast) roots.push(message);
  }
  const byTs = (a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0);
  roots.sort(byTs);
  for (const list of replies.values()) list.sort(byTs);
  const wanted = [];
  let today = "";
  for (const root of roots) {
    const name = day(root.posted_at);
    if (name !== today) wanted.push([`day ${name}`, name, () => h("div.day", {}, h("span", {}, name))]);
    today = name;
    const below = root.thread ? [] : (replies.get(key(root)) ?? []);
    const seen = `${current.name} ${root.seq} ${below.map((reply) => reply.seq)}`;
    wanted.push([key(root), seen, () => messageNode(root, below, { open: whyMessage, rerender: redraw, showChannel: current.name === "all" })]);
  }
  if (!wanted.length) wanted.push(["empty", `${state.preview}`, () => emptyMessages(state)]);
  reconcile(wanted);
}

function drawView(current) {
  const own = { deliveries: () => deliveriesPage(current.query), delivery: () => deliveryPage(current.id) }[current.name];
  if (own) {
    // These pages are nodes that stay, and change by themselves.
    const node = own();
    reconcile([[current.name, "", () => node]]);
    return;
  }
  const shown = JSON.stringify(current.name === "dead" ? [state.dead, state.backlog.dead] : state.rules);
  const inner = { dead: () => deadView(state), rules: () => rulesView(state) }[current.name];
  reconcile([[current.name, shown, () => h("div.view", {}, inner())]]);
}

/** Puts the wanted nodes in order; those that did not change stay the same nodes. */
function reconcile(wanted) {
  const next = new Map();
  let place = $("list").firstElementChild;
  for (const [name, signature, make] of wanted) {
    const had = drawn.get(name);
    const node = had?.signature === signature ? had.node : make();
    if (!had && drawn.size && node.classList.contains("message")) node.classList.add("fresh");
    if (had && had.node !== node) {
      if (had.node === place) place = place.nextElementSibling;
      had.node.remove();
    }
    if (node === place) place = place.nextElementSibling;
    else $("list").insertBefore(node, place);
    next.set(name, { signature, node });
  }
  for (const [name, { node }] of drawn) if (!next.has(name)) node.remove();
  drawn = next;
}

function redraw() {
  drawn.clear();
  $("list").replaceChildren();
  draw();
}

// -- scrolling, theme ----------------------------------------------------------------------------

function isAtEnd() {
  const area = $("scroll");
  return area.scrollHeight - area.scrollTop - area.clientHeight < 90;
}

function toEnd() {
  const current = view();
  $("scroll").scrollTop = current.name === "all" || current.name === "c" ? $("scroll").scrollHeight : 0;
  $("newer").hidden = true;
}

$("newer").addEventListener("click", toEnd);
$("scroll").addEventListener("scroll", () => isAtEnd() && ($("newer").hidden = true));
document.addEventListener("visibilitychange", () => !document.hidden && schedule());

const THEMES = ["auto", "light", "dark"];
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = { auto: "◐", light: "☀", dark: "☾" }[theme];
  $("theme").title = `Colours: ${theme}`;
  localStorage.setItem("theme", theme);
}
$("theme").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % 3]));
setTheme(THEMES.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "auto");

listen();
