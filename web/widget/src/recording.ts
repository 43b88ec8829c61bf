// A recording as the server's recogniser wants it: WAV, one channel, 16,000 samples a second, 16 bits.

const RATE = 16_000;
const SHORTEST_S = 0.3;
const LONGEST_S = 60;

export class Recording {
  private parts: Blob[] = [];
  private stopped: Promise<void>;
  private timer: number;

  private constructor(
    private stream: MediaStream,
    private recorder: MediaRecorder,
  ) {
    recorder.addEventListener("dataavailable", (event) => event.data.size && this.parts.push(event.data));
    this.stopped = new Promise((done) => recorder.addEventListener("stop", () => done(), { once: true }));
    this.timer = window.setTimeout(() => this.end(), LONGEST_S * 1000);
    recorder.start();
  }

  /** Whether this browser can record at all (it can't on pages without HTTPS). */
  static possible(): boolean {
    return Boolean(navigator.mediaDevices?.getUserMedia) && typeof MediaRecorder === "function";
  }

  /** Begin; asks for the microphone. */
  static async start(): Promise<Recording> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, noiseSuppression: true } });
    return new Recording(stream, new MediaRecorder(stream));
  }

  cancel(): void {
    this.end();
  }

  /** End, and turn it into a WAV file; null when it is too short to mean anything. */
  async finish(): Promise<Blob | null> {
    this.end();
    await this.stopped;
    const packed = await new Blob(this.parts).arrayBuffer();
    if (!packed.byteLength) return null;
    const decoder = new AudioContext();
    const sound = await decoder.decodeAudioData(packed).finally(() => void decoder.close());
    if (sound.duration < SHORTEST_S) return null;
    const offline = new OfflineAudioContext(1, Math.ceil(Math.min(sound.duration, LONGEST_S) * RATE), RATE);
    const source = offline.createBufferSource();
    source.buffer = sound;
    source.connect(offline.destination);
    source.start();
    return wave((await offline.startRendering()).getChannelData(0));
  }

  private end(): void {
    clearTimeout(this.timer);
    if (this.recorder.state !== "inactive") this.recorder.stop();
    this.stream.getTracks().forEach((track) => track.stop());
  }
}

/** Samples (-1 to 1) as a WAV file. */
export function wave(samples: Float32Array): Blob {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at: number, words: string) => [...words].forEach((one, place) => view.setUint8(at + place, one.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((one, at) => view.setInt16(44 + at * 2, Math.max(-1, Math.min(1, one)) * 0x7fff, true));
  return new Blob([view], { type: "audio/wav" });
}
