/** What this phone's courier set: sound volume and the hand that holds it. Kept on the phone. */
export type Hand = 'right' | 'left';

const VOLUME = 'doorstep.volume';
const HAND = 'doorstep.hand';

function storedVolume(): number {
  const stored = Number(localStorage.getItem(VOLUME) ?? Number.NaN);
  return stored >= 0 && stored <= 1 ? stored : 0.7;
}

class Settings {
  /** 0 silent to 1. */
  volume = $state(storedVolume());
  hand = $state<Hand>(localStorage.getItem(HAND) === 'left' ? 'left' : 'right');

  setVolume(volume: number): void {
    this.volume = volume;
    localStorage.setItem(VOLUME, String(volume));
  }

  setHand(hand: Hand): void {
    this.hand = hand;
    localStorage.setItem(HAND, hand);
    this.apply();
  }

  apply(): void {
    document.documentElement.dataset.hand = this.hand;
  }
}

export const settings = new Settings();
