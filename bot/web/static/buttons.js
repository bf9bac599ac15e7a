// Buttons that do something and say how it went.
import { h } from "./mrkdwn.js";

const SURE_MS = 4000;

/** `act` returns what to say when it is done. With `sure`, it is asked once more in the same place. */
export function deed(label, act, { sure = null, kind = "" } = {}) {
  let asked = 0;
  const node = h(`button.deed${kind ? `.${kind}` : ""}`, { type: "button" }, label);
  node.addEventListener("click", async () => {
    if (sure && !asked) {
      node.textContent = sure;
      node.classList.add("sure");
      asked = setTimeout(() => rest(node, label, () => (asked = 0)), SURE_MS);
      return;
    }
    clearTimeout(asked);
    node.disabled = true;
    try {
      const said = await act();
      node.replaceWith(h("span.done-it", { role: "status" }, said));
    } catch (error) {
      node.disabled = false;
      rest(node, label, () => (asked = 0));
      node.after(h("span.error", { role: "alert" }, ` ${error.message}`));
    }
  });
  return node;
}

function rest(node, label, then) {
  node.textContent = label;
  node.classList.remove("sure");
  then();
}
