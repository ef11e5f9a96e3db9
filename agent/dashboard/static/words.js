// What the page says: its states, and what can go wrong with what mends it.

export const STATES = {
  ready: "ready",
  asking: "asking for the microphone",
  calling: "calling",
  talking: "on the line",
  reconnecting: "the connection is lost, trying again",
  over: "over",
};

// By the browser's own names: what getUserMedia throws.
const MICROPHONE = {
  NotAllowedError:
    "The microphone is not allowed on this page. Allow it by the sign beside the address, then call again.",
  NotFoundError: "There is no microphone. Plug one in, then call again.",
  NotReadableError: "Another program has the microphone. Close it there, then call again.",
};

export const NOT_SECURE =
  "A browser lends its microphone to https pages only, and to this machine's own. Open this page over https.";
export const NO_AGENT =
  "No agent came within 20 seconds. Is a worker running, and is it free? `python agent.py doctor` knows.";
export const LOST = "The connection to LiveKit was lost and did not come back. Call again.";
export const NOT_WRITTEN = "Nothing was written of this call. The worker's log says why.";
export const NO_SERVER = "The page's server does not answer. Is `python agent.py talk` still running?";
export const NO_LIVEKIT = "LiveKit cannot be reached from this browser. `python agent.py doctor` says why.";

/** An error whose message is for the person at the page. */
export class Told extends Error {}

/** What to tell of an error. */
export function inWords(error) {
  if (error instanceof Told) return error.message;
  return MICROPHONE[error.name] ?? `Something unexpected happened: ${error.message}`;
}
