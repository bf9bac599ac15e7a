// Times as people say them, kept up to date.
import { h } from "./mrkdwn.js";

const STEPS = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [86400 * 14, 86400, "d"],
];

function relative(date) {
  const seconds = Math.max(0, (Date.now() - date.getTime()) / 1000);
  if (seconds < 10) return "just now";
  for (const [below, unit, name] of STEPS) {
    if (seconds < below) return `${Math.floor(seconds / unit)} ${name} ago`;
  }
  return date.toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}

/** A `<time>` that says how long ago, and on hover exactly when. */
export function ago(iso) {
  const date = new Date(iso);
  return h("time", { dateTime: iso, title: date.toLocaleString() }, relative(date));
}

export function clock(iso) {
  return new Date(iso).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

export function day(iso) {
  const date = new Date(iso);
  const today = new Date();
  const yesterday = new Date(Date.now() - 86400000);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return date.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[datetime]")) {
    node.textContent = relative(new Date(node.dateTime));
  }
}, 15000);
