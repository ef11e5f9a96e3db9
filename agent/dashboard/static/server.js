// What the page asks of the server that it came from.
import { NO_SERVER, Told } from "./words.js";

/** What is to be shown before a call: { playbooks, playbook, by: "link" | "token" }. */
export const about = () => ask("/talk/about");

/** Come in by the link's code or by a token; who is in already stays in. */
export async function signIn({ code, token }) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  await ask("/talk/session", { body: code ? { code } : {}, headers });
}

/** A way into a new room: { url, token, room }. */
export const place = (playbook) => ask("/talk/calls", { body: { playbook } });

/** What is written of the call; null while nothing is. */
export const callIn = (room) => ask(`/talk/calls/${room}`, { missing: null });

export const recordingOf = (room) => `/talk/calls/${room}/recording`;

async function ask(path, { body, headers = {}, missing } = {}) {
  const sent = body && {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, sent).catch(() => {
    throw new Told(NO_SERVER);
  });
  if (answer.status === 404 && missing !== undefined) return missing;
  if (answer.status === 204) return undefined;
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Told(told.detail ?? `The page's server refused (${answer.status}).`);
  return told;
}
