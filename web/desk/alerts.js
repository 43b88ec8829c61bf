// A short sound and the browser's notification, when the agent looks elsewhere.

let audio = null;

/** Browsers allow sound only after a touch or a key. */
export function ready() {
  for (const event of ["pointerdown", "keydown"]) {
    addEventListener(event, () => (audio ||= new AudioContext()), { once: true });
  }
}

export function beep(high = false) {
  if (!audio || audio.state !== "running") return;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = high ? 880 : 620;
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.25);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.25);
}

export function notify(title, body, onclick) {
  if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
  const note = new Notification(title, { body, tag: title });
  note.onclick = () => {
    window.focus();
    onclick();
  };
}

export const mayNotify = () => "Notification" in window && Notification.permission === "default";
export const allow = () => Notification.requestPermission();
