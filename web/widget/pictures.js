// Pictures that a customer sends: made smaller in the browser, sent up, shown again later.

const LONGEST_SIDE = 1600;
const SMALL_ENOUGH = 400 * 1024;
const KINDS = new Set(["image/jpeg", "image/png", "image/webp", "image/gif"]);

/** Whether a file looks like a picture that the server takes. */
export function isPicture(file) {
  return KINDS.has(file.type);
}

/** The picture as a JPEG no larger than needed; as it is when the browser can't draw it. */
export async function smaller(file) {
  if (file.size <= SMALL_ENOUGH) return file;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    const brush = canvas.getContext("2d");
    brush.fillStyle = "#fff";
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
    return blob && blob.size < file.size ? blob : file;
  } catch {
    return file;
  }
}

/** Sends pictures up and fetches them again, with the session's credentials in headers. */
export class PictureStore {
  constructor(server, credentials) {
    this.server = server;
    this.credentials = credentials; // () => {session, token}
    this.known = new Map(); // upload id → object URL
  }

  headers() {
    const { session, token } = this.credentials();
    const headers = { "X-Xiaoer-Session": session || "" };
    if (token) headers.Authorization = `Bearer ${token}`;
    return headers;
  }

  /** Send a picture up; its id, or an error whose message a customer can read. */
  async put(file) {
    const blob = await smaller(file);
    const response = await fetch(`${this.server}/webhooks/web/upload`, {
      method: "POST",
      headers: { ...this.headers(), "Content-Type": blob.type || "application/octet-stream" },
      body: blob,
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok || !answer.id) throw new Error(answer.error || "");
    this.known.set(answer.id, URL.createObjectURL(blob));
    return answer.id;
  }

  /** An address under which the browser can show an upload of this conversation; null when it is gone. */
  async show(id) {
    if (!this.known.has(id)) {
      const response = await fetch(`${this.server}/webhooks/web/upload/${id}`, { headers: this.headers() });
      if (!response.ok) return null;
      this.known.set(id, URL.createObjectURL(await response.blob()));
    }
    return this.known.get(id);
  }

  forget() {
    for (const address of this.known.values()) URL.revokeObjectURL(address);
    this.known.clear();
  }
}
