// What the page asks of the bot. Both return what was told, or throw an Error with a text for people.

export async function ask(path) {
  return told(await reached(path));
}

/** A change: JSON, which no form of another site can send. */
export async function tell(path, body) {
  return told(await reached(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }));
}

async function reached(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Error("The bot does not answer.");
  }
}

async function told(answer) {
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error ?? `The bot answered ${answer.status}.`);
  return body;
}
