// Press to talk. The browser's own recognition where there is one, else a recording for the server's recogniser.
// What was understood goes into the field, to be read and mended before it is sent.

import { iconButton } from "./dom.js";
import type { PictureStore } from "./pictures.js";
import type { Texts } from "./texts.js";
import { Recording } from "./recording.js";

export type VoiceMode = "auto" | "server" | "off";

interface Heard {
  results: ArrayLike<ArrayLike<{ transcript: string }>>;
}

interface Recogniser {
  lang: string;
  interimResults: boolean;
  continuous: boolean;
  onresult: (event: Heard) => void;
  onerror: (event: { error: string }) => void;
  onend: () => void;
  start(): void;
  stop(): void;
}

interface Needs {
  texts: Texts;
  store: PictureStore;
  notice(text: string): void; // a line above the field
  heard(text: string, final: boolean): void; // the words so far
}

export class Voice {
  readonly button: HTMLButtonElement | null = null;
  private recogniser: Recogniser | null = null;
  private recording: Recording | null = null;
  private pressed = false;

  constructor(
    private mode: VoiceMode,
    private needs: Needs,
  ) {
    if (mode === "off" || !(this.maker() || Recording.possible())) return;
    const button = iconButton("mic", "tool mic", needs.texts.voice, () => undefined);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      button.setPointerCapture(event.pointerId);
      void this.start();
    });
    for (const end of ["pointerup", "pointercancel"]) button.addEventListener(end, () => this.stop());
    button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is no menu here
    button.addEventListener("click", (event) => event.detail === 0 && (this.pressed ? this.stop() : void this.start())); // by key
    this.button = button;
  }

  private maker(): (new () => Recogniser) | undefined {
    const page = window as unknown as Record<string, new () => Recogniser>;
    return this.mode === "auto" ? page.SpeechRecognition || page.webkitSpeechRecognition : undefined;
  }

  private async start(): Promise<void> {
    if (this.pressed) return;
    this.press(true);
    this.needs.notice(this.needs.texts.voice_listening);
    const Maker = this.maker();
    if (Maker) this.listen(new Maker());
    else await this.record();
  }

  private stop(): void {
    if (!this.pressed) return;
    this.press(false);
    this.recogniser?.stop();
    if (this.recording) void this.read(this.recording);
    this.recording = null;
  }

  private press(on: boolean): void {
    const { texts } = this.needs;
    this.pressed = on;
    this.button?.setAttribute("aria-pressed", String(on));
    this.button?.setAttribute("aria-label", on ? texts.voice_stop : texts.voice);
  }

  private listen(recogniser: Recogniser): void {
    const { texts, notice, heard } = this.needs;
    let words = "";
    let problem = "";
    this.recogniser = recogniser;
    recogniser.lang = texts.speech_language;
    recogniser.interimResults = recogniser.continuous = true;
    recogniser.onresult = (event) => {
      words = Array.from(event.results, (one) => one[0].transcript).join("");
      heard(words, false);
    };
    recogniser.onerror = (event) => {
      problem = event.error;
      // The browser's service can't be reached (in China, mostly): from now on the server listens.
      if (["network", "service-not-allowed", "language-not-supported"].includes(problem)) this.mode = "server";
    };
    recogniser.onend = () => {
      this.recogniser = null;
      this.press(false);
      if (words) heard(words, true);
      const denied = problem === "not-allowed" || problem === "audio-capture";
      notice(words ? "" : denied ? texts.voice_denied : this.mode === "server" ? texts.voice_failed : texts.voice_nothing);
    };
    try {
      recogniser.start();
    } catch {
      recogniser.onend();
    }
  }

  private async record(): Promise<void> {
    const { texts, notice } = this.needs;
    try {
      const recording = await Recording.start();
      if (this.pressed) this.recording = recording;
      else {
        recording.cancel();
        notice(texts.voice_short);
      }
    } catch {
      this.press(false);
      notice(texts.voice_denied);
    }
  }

  /** Have a recording read by the server. */
  private async read(recording: Recording): Promise<void> {
    const { texts, store, notice, heard } = this.needs;
    const wave = await recording.finish().catch(() => null);
    if (!wave) return notice(texts.voice_short);
    notice(texts.voice_reading);
    try {
      const answer = await store.post("speech", wave);
      const text = typeof answer.text === "string" ? answer.text.trim() : "";
      if (text) heard(text, true);
      notice(text ? "" : texts.voice_nothing);
    } catch (error) {
      notice((error instanceof Error && error.message) || texts.voice_failed);
    }
  }
}
