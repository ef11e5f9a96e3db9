// The waits for an answer: as they are heard here, with the network and both jitter buffers.

const LOUD = 0.01; // of a voice's level; full scale is 1
const QUIET_MS = 400; // a longer silence ends what the agent said
const LOOK_MS = 20;

/** Listens to both sides; calls `heard(seconds)` at each first sound of an answer. */
export class Waits {
  #sound = new AudioContext(); // made in a click: else the browser keeps it silent
  #heard;
  #mine;
  #agent = () => false;
  #mineAt = 0;
  #agentAt = 0;
  #timer = setInterval(() => this.#look(performance.now()), LOOK_MS);

  constructor(mic, heard) {
    this.#mine = this.#ear(mic);
    this.#heard = heard;
  }

  agent(track) {
    this.#agent = this.#ear(track);
  }

  close() {
    clearInterval(this.#timer);
    return this.#sound.close();
  }

  #look(now) {
    if (this.#mine()) this.#mineAt = now;
    if (!this.#agent()) return;
    const answers = now - this.#agentAt > QUIET_MS && this.#mineAt > this.#agentAt;
    if (answers && this.#agentAt) this.#heard((now - this.#mineAt) / 1000);
    this.#agentAt = now;
  }

  /** Whether somebody is loud on this track at the moment. */
  #ear(track) {
    const node = new AnalyserNode(this.#sound, { fftSize: 1024 });
    const samples = new Float32Array(node.fftSize);
    this.#sound.createMediaStreamSource(new MediaStream([track])).connect(node);
    return () => {
      node.getFloatTimeDomainData(samples);
      return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length) > LOUD;
    };
  }
}
