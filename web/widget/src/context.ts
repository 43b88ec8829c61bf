// What the parts of the widget need of it.

import type { Connection } from "./connection.js";
import type { PictureStore } from "./pictures.js";
import type { Texts } from "./texts.js";
import type { Message } from "./types.js";

export interface Context {
  texts: Texts;
  pictures: string; // where the shop's product pictures are
  connection: Connection;
  store: PictureStore;
  say(text: string): void;
  view(address: string, name: string): void; // show a picture large
  emit(event: string, detail: unknown): void; // tell the page
  track(kind: string, facts: Record<string, unknown>): void; // note behaviour, if the visitor consents
  earlier(): Promise<{ messages: Message[]; more: boolean } | null>; // what was said before the first message shown
}
