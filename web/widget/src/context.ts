// What the parts of the widget need of it.

import type { Connection } from "./connection.js";
import type { PictureStore } from "./pictures.js";
import type { Texts } from "./texts.js";

export interface Context {
  texts: Texts;
  pictures: string; // where the shop's product pictures are
  connection: Connection;
  store: PictureStore;
  say(text: string): void;
  view(address: string, name: string): void; // show a picture large
  emit(event: string, detail: unknown): void; // tell the page
}
