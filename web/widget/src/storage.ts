// What a browser remembers; everything works without it, only shorter.

function pick(kind: "local" | "session"): Storage | null {
  try {
    return kind === "local" ? localStorage : sessionStorage;
  } catch {
    return null; // storage is off: it lives as long as the page
  }
}

/** The stored text, or null. */
export function recall(key: string, kind: "local" | "session" = "local"): string | null {
  try {
    return pick(kind)?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

/** Keep a text; null forgets it. */
export function keep(key: string, value: string | null, kind: "local" | "session" = "local"): void {
  try {
    if (value === null) pick(kind)?.removeItem(key);
    else pick(kind)?.setItem(key, value);
  } catch {
    // full or off
  }
}

/** A stored list; empty when there is none or it is damaged. */
export function recallList<T>(key: string): T[] {
  try {
    const found: unknown = JSON.parse(recall(key) || "[]");
    return Array.isArray(found) ? (found as T[]) : [];
  } catch {
    return [];
  }
}
