// The browser as a telephone: one call in one LiveKit room.
import { LOST, NO_AGENT, NO_LIVEKIT, NOT_SECURE, Told } from "./words.js";

const { ConnectionState, createLocalAudioTrack, DisconnectReason, ParticipantKind, Room } =
  globalThis.LivekitClient;
const AGENT_SECONDS = 20;
const KEYS = "0123456789*#";
const ENDED_BY_SOMEBODY = [
  DisconnectReason.CLIENT_INITIATED,
  DisconnectReason.ROOM_DELETED,
  DisconnectReason.PARTICIPANT_REMOVED,
];

/** The microphone; asked for before anybody is called, so that a refusal leaves no mute call. */
export async function microphone() {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) throw new Told(NOT_SECURE);
  return createLocalAudioTrack({ echoCancellation: true, noiseSuppression: true, autoGainControl: true });
}

export class Phone extends EventTarget {
  #room = new Room();
  #mic;
  #hungUp = false;
  #ended = () => {};

  /** Dispatches "agent" (detail: its audio track), "words" (detail: { id, mine, pieces }),
   * "reconnecting" and "reconnected". */
  constructor(mic) {
    super();
    this.#mic = mic;
    const tell = (kind, detail) => this.dispatchEvent(new CustomEvent(kind, { detail }));
    this.#room.registerTextStreamHandler("lk.transcription", (pieces, from) => {
      const mine = from.identity === this.#room.localParticipant.identity;
      tell("words", { id: pieces.info.attributes["lk.segment_id"], mine, pieces });
    });
    this.#room.on("trackSubscribed", (track) => {
      document.body.append(track.attach());
      tell("agent", track.mediaStreamTrack);
    });
    this.#room.on("trackUnsubscribed", (track) => track.detach().forEach((element) => element.remove()));
    this.#room.on("reconnecting", () => tell("reconnecting"));
    this.#room.on("reconnected", () => tell("reconnected"));
  }

  /** Connect, and wait for the agent. Throws what is to be told. */
  async dial({ url, token }) {
    this.over = new Promise((resolve, reject) => {
      this.#ended = resolve;
      this.#room.once("disconnected", (reason) =>
        ENDED_BY_SOMEBODY.includes(reason) ? resolve() : reject(new Told(LOST)),
      );
    });
    this.over.catch(() => {}); // whoever waits for it hears of it; before that `dial` throws
    await this.#room.connect(url, token).catch(() => {
      if (!this.#hungUp) throw new Told(NO_LIVEKIT);
    });
    if (!this.connected) return; // hung up meanwhile
    await Promise.all([this.#room.startAudio(), this.#room.localParticipant.publishTrack(this.#mic)]);
    await this.#agent();
  }

  press(key) {
    return this.#room.localParticipant.publishDtmf(KEYS.indexOf(key), key);
  }

  mute(muted) {
    return muted ? this.#mic.mute() : this.#mic.unmute();
  }

  hangUp() {
    this.#hungUp = true;
    this.#ended(); // before the room is open, it tells nobody of its end
    return this.#room.disconnect();
  }

  get connected() {
    return this.#room.state === ConnectionState.Connected;
  }

  /** Done when an agent is in the room. */
  #agent() {
    const here = () => [...this.#room.remoteParticipants.values()].some((one) => one.kind === ParticipantKind.AGENT);
    return new Promise((resolve, reject) => {
      const settle = (end, value) => {
        clearTimeout(timer);
        this.#room.off("participantConnected", look).off("disconnected", look);
        end(value);
      };
      const look = () => {
        if (here()) settle(resolve);
        else if (!this.connected) settle(resolve); // hung up meanwhile: `over` says so
      };
      const timer = setTimeout(() => settle(reject, new Told(NO_AGENT)), AGENT_SECONDS * 1000);
      this.#room.on("participantConnected", look).on("disconnected", look);
      look();
    });
  }
}
