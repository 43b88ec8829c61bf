// Pictures that a customer sends: made smaller in the browser, sent up with progress, shown again later.

const LONGEST_SIDE = 1600;
const SMALL_ENOUGH = 400 * 1024;
const KINDS = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/heic", "image/heif"]);
const UNNAMED = /\.(heic|heif|avif)$/i; // kinds that some systems know no name for
/** What the file chooser offers. */
export const ACCEPT = [...KINDS, ".heic", ".heif", ".avif"].join(",");

/** Whether a file looks like a picture that the server takes. */
export function isPicture(file: File): boolean {
  return KINDS.has(file.type) || (!file.type && UNNAMED.test(file.name));
}

/** The picture as a JPEG no larger than needed; as it is when the browser can't draw it. */
export async function smaller(file: File): Promise<Blob> {
  if (file.size <= SMALL_ENOUGH) return file;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    const brush = canvas.getContext("2d");
    if (!brush) return file;
    brush.fillStyle = "#fff";
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.86));
    return blob && blob.size < file.size ? blob : file;
  } catch {
    return file;
  }
}

export interface Credentials {
  session: string | null;
  token: string | null;
}

/** What a customer may read of a refusal; empty when the server gave no sentence. */
export class Refused extends Error {}

/** Sends files up and fetches pictures again, with the session's credentials in headers. */
export class PictureStore {
  private known = new Map<string, string>(); // upload id → object URL

  constructor(
    private server: string,
    private credentials: () => Credentials,
  ) {}

  private headers(): Record<string, string> {
    const { session, token } = this.credentials();
    const headers: Record<string, string> = { "X-Xiaoer-Session": session || "" };
    if (token) headers.Authorization = `Bearer ${token}`;
    return headers;
  }

  /** Send a picture up; its id. @throws Refused */
  async put(file: File, progress: (part: number) => void): Promise<string> {
    const blob = await smaller(file);
    const answer = await this.post("upload", blob, progress);
    if (typeof answer.id !== "string") throw new Refused("");
    this.known.set(answer.id, URL.createObjectURL(blob));
    return answer.id;
  }

  /** Post bytes to one of the channel's addresses; its JSON answer. @throws Refused */
  post(name: string, blob: Blob, progress: (part: number) => void = () => undefined): Promise<Record<string, unknown>> {
    return new Promise((done, fail) => {
      const request = new XMLHttpRequest(); // fetch tells no progress of what goes up
      request.open("POST", `${this.server}/webhooks/web/${name}`);
      request.timeout = 60_000;
      for (const [header, value] of Object.entries(this.headers())) request.setRequestHeader(header, value);
      request.setRequestHeader("Content-Type", blob.type || "application/octet-stream");
      request.upload.onprogress = (event) => event.lengthComputable && progress((event.loaded / event.total) * 0.95);
      request.onerror = request.ontimeout = () => fail(new Refused(""));
      request.onload = () => {
        const answer = parsed(request.responseText);
        if (request.status >= 300) return fail(new Refused(typeof answer.error === "string" ? answer.error : ""));
        progress(1);
        done(answer);
      };
      request.send(blob);
    });
  }

  /** An address under which the browser can show an upload of this conversation; null when it is gone. */
  async show(id: string): Promise<string | null> {
    if (!this.known.has(id)) {
      const response = await fetch(`${this.server}/webhooks/web/upload/${encodeURIComponent(id)}`, { headers: this.headers() });
      if (!response.ok) return null;
      this.known.set(id, URL.createObjectURL(await response.blob()));
    }
    return this.known.get(id) || null;
  }

  forget(): void {
    for (const address of this.known.values()) URL.revokeObjectURL(address);
    this.known.clear();
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text);
    return found && typeof found === "object" ? (found as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
