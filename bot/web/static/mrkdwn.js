// Slack's mrkdwn and blocks as DOM nodes. Text becomes text nodes only: nothing here, and nothing
// in the whole page, turns a string into markup.
import { emoji } from "./emoji.js";

/** An element with properties, attributes (keys with `-`) and children. */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.classList.add(...classes);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key.includes("-") || key === "role") node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const FENCE = /```\n?([\s\S]+?)\n?```/g;
// `<…>` and `code` are atoms inside a style, so that a style never ends within them.
const ATOM = "(?:<[^<>\\n]*>|`[^`\\n]*`|[^CHAR<`\\n])";
const style = (char) =>
  `(?<![\\w${char}])\\${char}(?=\\S)(${ATOM.replace("CHAR", char)}+?)(?<=\\S)\\${char}(?![\\w${char}])`;
const INLINE = new RegExp(
  [
    "<([^<>\\n]+)>",
    "`([^`\\n]+)`",
    ":([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):",
    style("*"),
    style("_"),
    style("~"),
  ].join("|"),
  "g",
);
const QUOTE = /^(?:&gt;|>) ?/;

/** mrkdwn as a fragment. */
export function mrkdwn(text) {
  const fragment = document.createDocumentFragment();
  let last = 0;
  for (const match of text.matchAll(FENCE)) {
    paragraphs(fragment, text.slice(last, match.index).replace(/\n$/, ""));
    fragment.append(h("pre", {}, unescape(plainEntities(match[1]))));
    last = match.index + match[0].length;
    if (text[last] === "\n") last += 1;
  }
  paragraphs(fragment, text.slice(last));
  return fragment;
}

function paragraphs(parent, text) {
  if (!text) return;
  let quote = null;
  let fresh = true;
  for (const line of text.split("\n")) {
    const quoted = QUOTE.test(line);
    if (quoted && !quote) {
      quote = h("blockquote");
      parent.append(quote);
      fresh = true;
    } else if (!quoted && quote) {
      quote = null;
      fresh = true;
    }
    const into = quote ?? parent;
    if (!fresh) into.append(h("br"));
    inline(into, quoted ? line.replace(QUOTE, "") : line);
    fresh = false;
  }
}

function inline(parent, text) {
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    parent.append(unescape(text.slice(last, match.index)));
    parent.append(span(match));
    last = match.index + match[0].length;
  }
  parent.append(unescape(text.slice(last)));
}

function span([whole, entity, code, name, bold, italic, strike]) {
  if (entity !== undefined) return entityNode(entity);
  if (code !== undefined) return h("code", {}, unescape(plainEntities(code)));
  if (name !== undefined) return emojiNode(name, whole);
  const [tag, inner] = bold !== undefined ? ["b", bold] : italic !== undefined ? ["i", italic] : ["s", strike];
  const node = h(tag);
  inline(node, inner);
  return node;
}

function emojiNode(name, whole) {
  const found = emoji(name);
  return found ? h("span.emoji", { title: `:${name}:`, role: "img", "aria-label": name }, found) : document.createTextNode(whole);
}

function entityNode(entity) {
  const bar = entity.indexOf("|");
  const target = bar < 0 ? entity : entity.slice(0, bar);
  const label = bar < 0 ? "" : unescape(entity.slice(bar + 1));
  if (/^[@#!]/.test(target)) return h("span.mention", {}, label && target[0] !== "!" ? target[0] + label : mention(target, label));
  return link(unescape(target), label);
}

function mention(target, label) {
  if (target.startsWith("!subteam^")) return label || `@${target.slice(9)}`;
  if (target.startsWith("!date^")) return label;
  return target[0] === "!" ? `@${target.slice(1)}` : target;
}

/** A link that leaves the page; an address that is not http(s) or mailto stays text. */
export function link(address, label) {
  let url = null;
  try {
    url = new URL(address);
  } catch {
    // Not an address: shown as it is.
  }
  const shown = label || address.replace(/^mailto:/, "");
  if (!url || !["http:", "https:", "mailto:"].includes(url.protocol)) return document.createTextNode(shown);
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", title: url.href }, shown);
}

function plainEntities(text) {
  return text.replace(/<([^<>\n|]+)\|([^<>\n]*)>/g, "$2").replace(/<([^<>\n]+)>/g, "$1");
}

function unescape(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/** A message body: its blocks, or its text when it has none, then its attachments. */
export function body(rendered) {
  const blocks = rendered.blocks ?? [];
  const node = h("div.body");
  if (blocks.length) node.append(...blocks.map(block));
  else if (rendered.text) node.append(h("div.section", {}, mrkdwn(rendered.text)));
  for (const attachment of rendered.attachments ?? []) node.append(attached(attachment));
  return node;
}

const COLORS = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

function attached(attachment) {
  const node = h("div.attachment");
  const color = COLORS[attachment.color] ?? attachment.color ?? "";
  // Through the object model: an inline style attribute would be refused, as it should be.
  if (/^#?[0-9a-f]{3,8}$/i.test(color)) node.style.borderLeftColor = color.startsWith("#") ? color : `#${color}`;
  node.append(...(attachment.blocks ?? []).map(block));
  if (!attachment.blocks) node.append(mrkdwn(attachment.text ?? attachment.fallback ?? ""));
  return node;
}

const BLOCKS = {
  section: (b) => h("div.section", {}, b.text ? textNode(b.text) : null, b.fields ? h("div.fields", {}, b.fields.map((f) => h("div", {}, textNode(f)))) : null),
  header: (b) => h("div.header", {}, textNode(b.text)),
  context: (b) => h("div.context", {}, b.elements.map((e) => h("span", {}, e.type === "image" ? `[${e.alt_text ?? "image"}]` : textNode(e)))),
  divider: () => h("hr"),
  image: (b) => h("div.context", {}, `[${b.alt_text ?? "image"}]`),
  actions: (b) => h("div.actions", {}, b.elements.map(button)),
};

/** One that gives a command gives it here too: the composer listens. */
function button(e) {
  const label = e.text ? textNode(e.text) : e.type;
  if (!e.action_id?.startsWith("run-") || !e.value) return h("span.button", { title: "Works in Slack only" }, label);
  const give = () => document.dispatchEvent(new CustomEvent("give", { detail: `/hook ${e.value}` }));
  return h(`button.button.${e.style ?? "plain-style"}`, { type: "button", title: `/hook ${e.value}`, onclick: give }, label);
}

function block(b) {
  try {
    return BLOCKS[b.type]?.(b) ?? h("div.context", {}, `[${b.type}]`);
  } catch {
    return h("div.context", {}, `[a ${b.type} that cannot be shown here]`);
  }
}

function textNode(text) {
  if (text.type === "mrkdwn") return mrkdwn(text.text);
  const node = document.createDocumentFragment();
  for (const part of text.text.split(/(:[a-z0-9_+'-]+:)/)) {
    node.append(/^:.+:$/.test(part) ? emojiNode(part.slice(1, -1), part) : part);
  }
  return node;
}
