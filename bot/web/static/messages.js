// One message with its reactions, its thread and the rule behind it.
import { body, h } from "./mrkdwn.js";
import { emoji } from "./emoji.js";
import { ago } from "./time.js";

const SHOWN_REPLIES = 3;
const expanded = new Set();

/** A message of a channel; `replies` hang below it. `open` shows why it is there. */
export function messageNode(message, replies, { open, rerender, showChannel }) {
  const node = h("article.message", { "data-ts": message.ts, "data-channel": message.channel, tabIndex: -1 });
  node.append(
    h("span.avatar", { "aria-hidden": "true" }),
    h(
      "div.content",
      {},
      head(message, open, showChannel),
      message.thread ? h("div.context", {}, "replied to a thread") : null,
      body(message.rendered),
      edited(message),
      reactions(message),
      thread(message, replies, { open, rerender }),
    ),
  );
  return node;
}

function head(message, open, showChannel) {
  const note = message.notes[0];
  return h(
    "header",
    {},
    h("b", {}, "bot"),
    h("span.tag", {}, "APP"),
    ago(message.posted_at),
    showChannel ? h("a.channel", { href: `#/c/${encodeURIComponent(message.channel)}` }, channelName(message.channel)) : null,
    h("span.grow"),
    note
      ? h("button.rule", { type: "button", title: "Why is this here?", onclick: () => open(message) }, ruleName(note.rule))
      : null,
  );
}

function edited(message) {
  if (!message.edited_at) return null;
  return h("span.edited", { title: new Date(message.edited_at).toLocaleString() }, "(edited)");
}

function reactions(message) {
  if (!message.reactions.length) return null;
  return h(
    "div.reactions",
    {},
    message.reactions.map((name) =>
      h("span.reaction", { title: `:${name}:`, "data-emoji": name }, h("span", {}, emoji(name) ?? `:${name}:`), h("b", {}, "1")),
    ),
  );
}

function thread(root, replies, { open, rerender }) {
  if (!replies.length) return null;
  const key = `${root.channel} ${root.ts}`;
  const hidden = expanded.has(key) ? 0 : Math.max(0, replies.length - SHOWN_REPLIES);
  const more = h(
    "button.more",
    {
      type: "button",
      onclick: () => {
        expanded.add(key);
        rerender();
      },
    },
    `Show ${hidden} earlier ${hidden === 1 ? "reply" : "replies"}`,
  );
  return h(
    "div.thread",
    { role: "group", "aria-label": "Thread" },
    h("div.count", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
    hidden ? more : null,
    replies.slice(hidden).map((reply) => replyNode(reply, open)),
  );
}

function replyNode(reply, open) {
  return h(
    "article.reply",
    { "data-ts": reply.ts, "data-channel": reply.channel },
    h("span.avatar", { "aria-hidden": "true" }),
    h(
      "div.content",
      {},
      head(reply, open, false),
      body(reply.rendered),
      edited(reply),
      reply.broadcast ? h("div.context", {}, "also sent to the channel") : null,
      reactions(reply),
    ),
  );
}

export function channelName(channel) {
  return /^[CG#]/.test(channel) ? (channel.startsWith("#") ? channel : `#${channel}`) : `#${channel}`;
}

/** A rule's name, or the `file:line` of one without. */
export function ruleName(rule) {
  return rule || "no rule";
}
