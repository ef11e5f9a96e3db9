// What came of the call: outcome, evidence that plays its second, facts, recording.
import { recordingOf } from "./server.js";

const $ = (id) => document.getElementById(id);
const made = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
const words = (name) => name.replaceAll("_", " ");
const time = (iso) => new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

export function hide() {
  $("end").hidden = true;
  $("player").removeAttribute("src");
}

/** Show the call as it is written; again, when more is. */
export function show(room, call) {
  const facts = [
    ["Outcome", call.disposition ? words(call.disposition) + (call.reason ? ` (${words(call.reason)})` : "") : "being written …"],
    ["Because", evidence(call.evidence)],
    ...Object.entries(call.answers).map(([question, value]) => [words(question), String(value)]),
    ["Appointment", call.appointment_at && `${time(call.appointment_at)}, kept in memory`],
    ["Call back", call.callback_at && time(call.callback_at)],
    ["Summary", call.summary],
    ["Length", call.duration_s !== null && clock(call.duration_s)],
    ["Call", `${call.id.slice(0, 8)} · python agent.py calls show ${call.id.slice(0, 8)}`],
  ];
  $("facts").replaceChildren(
    ...facts.filter(([, value]) => value).flatMap(([name, value]) => {
      const dd = document.createElement("dd");
      dd.append(value);
      return [made("dt", name), dd];
    }),
  );
  play(room, call);
  const first = $("end").hidden;
  $("end").hidden = false;
  if (first) $("end").focus();
}

function play(room, call) {
  const player = $("player");
  if (call.has_recording && !player.getAttribute("src")) player.src = recordingOf(room);
  player.hidden = !call.has_recording;
  $("no-recording").hidden = call.has_recording || !call.complete;
  $("no-recording").textContent = "No recording on this machine: none was made, or the worker has it elsewhere.";
}

function evidence(facts) {
  if (!facts.length) return null;
  const list = document.createElement("ul");
  for (const { kind, second } of facts) {
    const item = list.appendChild(document.createElement("li"));
    if (second === null) item.append(words(kind));
    else item.append(Object.assign(made("button", `▶ ${words(kind)} ${clock(second)}`), { type: "button", onclick: () => from(second) }));
  }
  return list;
}

function from(second) {
  $("player").currentTime = Math.max(0, second - 3);
  $("player").play();
}
