// The page on which somebody phones the agent: its buttons, its states, and one call at a time.
import * as endCard from "./end_card.js";
import { microphone, Phone } from "./phone.js";
import * as server from "./server.js";
import { Waits } from "./waits.js";
import { inWords, NOT_WRITTEN, STATES, Told } from "./words.js";

const $ = (id) => document.getElementById(id);
const LOOK_MS = 1000;
const WRITTEN_WITHIN_MS = 40_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let phone = null;
let room = null; // of the last call that was placed
let talkingSince = 0;

for (const key of "123456789*0#") {
  $("keys").append(Object.assign(document.createElement("button"), { type: "button", textContent: key, value: key }));
}
$("keys").onclick = ({ target: { value } }) => value && phone?.press(value);
$("keys").onkeydown = ({ key }) => key.length === 1 && "0123456789*#".includes(key) && phone?.press(key);
$("call").onclick = () => (phone ? phone.hangUp() : call());
$("mute").onclick = mute;
setInterval(tick, 250);
const opened = open();

async function open() {
  try {
    const about = await server.about();
    $("playbook").replaceChildren(...about.playbooks.map((name) => new Option(name, name, false, name === about.playbook)));
    $("bearer").hidden = about.by !== "token";
  } catch (error) {
    problem(error);
  }
}

async function call() {
  $("problem").hidden = true;
  $("call").disabled = true;
  endCard.hide();
  room = null;
  try {
    await opened;
    await hold();
    state("over");
  } catch (error) {
    state(talkingSince ? "over" : "ready");
    problem(error);
  }
  const talked = talkingSince > 0;
  phone = null;
  talkingSince = 0;
  buttons({ line: false });
  if (talked) await tellTheEnd();
}

/** One call, from the microphone to its end. */
async function hold() {
  state("asking");
  const mic = await microphone();
  const heard = [];
  const waits = new Waits(mic.mediaStreamTrack, (seconds) => {
    heard.push(`${seconds.toFixed(2)} s`);
    $("heard").textContent = heard.join(", ");
  });
  const line = new Phone(mic);
  let looking = null;
  try {
    state("calling");
    await server.signIn({ code: location.hash.slice(1), token: $("token").value });
    history.replaceState(null, "", location.pathname); // used up, and to stay in no history
    const place = await server.place($("playbook").value);
    room = place.room;
    line.addEventListener("agent", ({ detail }) => waits.agent(detail));
    line.addEventListener("words", ({ detail }) => caption(detail));
    line.addEventListener("reconnecting", () => state("reconnecting"));
    line.addEventListener("reconnected", () => state("talking"));
    $("captions").replaceChildren();
    $("heard").textContent = $("measured").textContent = "none yet";
    $("stages").replaceChildren();
    $("stages-words").textContent = "";
    phone = line;
    buttons({ line: true });
    await line.dial(place);
    talkingSince = Date.now();
    state("talking");
    $("waits").hidden = false;
    looking = setInterval(look, LOOK_MS);
    await line.over;
  } finally {
    clearInterval(looking);
    mic.stop();
    await Promise.all([line.hangUp(), waits.close()]);
  }
}

async function look() {
  // A look that fails is done again in a second; the call does not hang on it.
  const found = await server.callIn(room).catch(() => null);
  if (found) measured(found.turns);
}

async function tellTheEnd() {
  const until = Date.now() + WRITTEN_WITHIN_MS;
  let written = false;
  try {
    while (Date.now() < until && !phone) {
      const found = await server.callIn(room);
      if (found && !phone) {
        measured(found.turns);
        endCard.show(room, found);
      }
      written = Boolean(found);
      if (found?.complete) return;
      await sleep(LOOK_MS);
    }
    if (!written && !phone) problem(new Told(NOT_WRITTEN));
  } catch (error) {
    problem(error);
  }
}

/** The last answer's wait, as the worker has measured it. */
function measured(turns) {
  const all = turns.map((turn) => turn.wait).filter(Boolean);
  if (!all.length) return;
  const last = all.at(-1);
  $("measured").textContent = all.map((wait) => `${wait.seconds.toFixed(2)} s`).join(", ");
  const parts = ["recognised", "decided", "voiced"];
  $("stages").replaceChildren(
    ...parts.map((part) => {
      const bar = Object.assign(document.createElement("span"), { className: part });
      bar.style.flexGrow = last[part] * 1000; // under 1 in all, they would not fill the bar
      return bar;
    }),
  );
  const [recognised, decided, voiced] = parts.map((part) => last[part].toFixed(2));
  $("stages-words").textContent =
    `The last one: words recognised ${recognised} s, end of turn decided ${decided} s, model and voice ${voiced} s.`;
}

/** Mine come whole, again and again; the agent's bit by bit. */
async function caption({ id, mine, pieces }) {
  let line = document.getElementById(`said-${id}`);
  if (!line) {
    line = Object.assign(document.createElement("li"), { id: `said-${id}`, className: mine ? "caller" : "agent" });
    line.append(Object.assign(document.createElement("b"), { textContent: mine ? "You" : "Agent" }), new Text());
    $("captions").append(line);
  }
  line.lastChild.data = "";
  for await (const piece of pieces) line.lastChild.data += piece;
  line.scrollIntoView({ block: "nearest" });
}

async function mute() {
  const muted = $("mute").getAttribute("aria-pressed") !== "true";
  await phone?.mute(muted);
  $("mute").setAttribute("aria-pressed", String(muted));
}

function buttons({ line }) {
  $("call").textContent = line ? "Hang up" : "Call";
  $("call").classList.toggle("ends", line);
  $("call").disabled = false;
  $("mute").disabled = $("keys").disabled = !line;
  $("playbook").disabled = line;
  $("mute").setAttribute("aria-pressed", "false");
}

function state(name) {
  $("talk").dataset.state = name;
  $("state").value = STATES[name];
}

function problem(error) {
  $("problem").textContent = inWords(error);
  $("problem").hidden = false;
}

/** The length of the call; hidden from screen readers, which would tell it every second. */
function tick() {
  if (!talkingSince) return;
  const seconds = Math.floor((Date.now() - talkingSince) / 1000);
  $("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
