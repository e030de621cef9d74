/**
 * What the handheld sounds and feels like. Tones are made by Web Audio, there are no files; the volume is the app's
 * own. A browser lets sound out only after a touch or a key, so `wake` is tied to the first of them. To make ready what sounds takes
 * a tenth of a second and more, in which nothing moves: `warmUp` does it before the first scan, which would be the touch.
 */
export type Cue = 'mine' | 'other_route' | 'duplicate' | 'unknown' | 'signed' | 'recalled' | 'saved' | 'problem';

interface Tone {
  /** Hz. */
  pitch: number;
  /** Seconds from the start of the cue. */
  from: number;
  /** Seconds. */
  long: number;
  shape?: OscillatorType;
}

const tick = (from: number): Tone => ({ pitch: 2093, from, long: 0.06 });

export const tones: Record<Cue, Tone[]> = {
  mine: [{ pitch: 1760, from: 0, long: 0.09 }],
  other_route: [
    { pitch: 220, from: 0, long: 0.18, shape: 'square' },
    { pitch: 165, from: 0.22, long: 0.26, shape: 'square' },
  ],
  duplicate: [tick(0), tick(0.1), tick(0.2)],
  unknown: [
    { pitch: 330, from: 0, long: 0.14 },
    { pitch: 880, from: 0.17, long: 0.16 },
  ],
  signed: [tick(0), { pitch: 523, from: 0.12, long: 0.2 }],
  recalled: [0, 0.3, 0.6, 0.9].flatMap((from): Tone[] => [
    { pitch: 988, from, long: 0.14, shape: 'square' },
    { pitch: 659, from: from + 0.15, long: 0.14, shape: 'square' },
  ]),
  saved: [523.25, 659.25, 783.99].map((pitch, at): Tone => ({ pitch, from: at * 0.05, long: 0.4 })),
  problem: [{ pitch: 392, from: 0, long: 0.22 }],
};

/** Milliseconds on, off, on ... */
export const buzzes: Record<Cue, number[]> = {
  mine: [20],
  other_route: [200],
  duplicate: [20, 60, 20, 60, 20],
  unknown: [60, 80, 120],
  signed: [20, 60, 120],
  recalled: [400, 120, 400, 120, 400],
  saved: [30],
  problem: [60],
};

let context: AudioContext | null = null;

export function warmUp(): void {
  if (typeof AudioContext !== 'undefined') context ??= new AudioContext();
}

/** Call once at start: the first touch or key opens the sound. */
export function wake(): void {
  const open = (): void => {
    warmUp();
    void context?.resume();
    window.removeEventListener('pointerdown', open, true);
    window.removeEventListener('keydown', open, true);
  };
  window.addEventListener('pointerdown', open, true);
  window.addEventListener('keydown', open, true);
}

/** Plays and buzzes. `volume` 0 (silent, the buzz stays) to 1. */
export function play(cue: Cue, volume: number): void {
  navigator.vibrate?.(buzzes[cue]);
  if (volume <= 0 || !context) return;
  // A call or a locked screen puts it to sleep.
  if (context.state !== 'running') void context.resume();
  const start = context.currentTime + 0.005;
  for (const tone of tones[cue]) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    const level = volume * (tone.shape === 'square' ? 0.35 : 0.6) * (cue === 'saved' ? 0.5 : 1);
    oscillator.type = tone.shape ?? 'sine';
    oscillator.frequency.value = tone.pitch;
    gain.gain.setValueAtTime(0, start + tone.from);
    gain.gain.linearRampToValueAtTime(level, start + tone.from + 0.008);
    gain.gain.setValueAtTime(level, start + tone.from + tone.long * 0.6);
    gain.gain.linearRampToValueAtTime(0, start + tone.from + tone.long);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start + tone.from);
    oscillator.stop(start + tone.from + tone.long + 0.02);
  }
}

/** Repeats a cue until the returned function is called: the alarm of a recalled parcel. */
export function alarm(cue: Cue, volume: number): () => void {
  play(cue, volume);
  const timer = setInterval(() => play(cue, volume), 1600);
  return () => {
    clearInterval(timer);
    navigator.vibrate?.(0);
  };
}

/** Says a customer's requests aloud where the browser has a voice. */
export function say(text: string, language: 'zh' | 'en', volume: number): void {
  if (volume <= 0 || typeof speechSynthesis === 'undefined') return;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = language === 'zh' ? 'zh-CN' : 'en-GB';
  utterance.volume = volume;
  speechSynthesis.cancel();
  speechSynthesis.speak(utterance);
}
