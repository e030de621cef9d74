/** What this phone's courier set: sound, the hand that holds it, its map app, its stillness. Kept on the phone. */
import { appsFor, platformOf, type MapApp } from './road/navigation';

export type Hand = 'right' | 'left';

const VOLUME = 'doorstep.volume';
const HAND = 'doorstep.hand';
const MAP = 'doorstep.map';
const STILL = 'doorstep.still';
const GUIDE = 'doorstep.guide';

function storedVolume(): number {
  const stored = Number(localStorage.getItem(VOLUME) ?? Number.NaN);
  return stored >= 0 && stored <= 1 ? stored : 0.7;
}

/** The map apps of this phone; the first is used until another is chosen. */
export const mapApps = appsFor(platformOf(navigator.userAgent, navigator.maxTouchPoints));

function storedMapApp(): MapApp {
  const stored = localStorage.getItem(MAP) as MapApp;
  return mapApps.includes(stored) ? stored : (mapApps[0] as MapApp);
}

class Settings {
  /** 0 silent to 1. */
  volume = $state(storedVolume());
  hand = $state<Hand>(localStorage.getItem(HAND) === 'left' ? 'left' : 'right');

  mapApp = $state<MapApp>(storedMapApp());
  /** No movement on the screen, whatever the system says. */
  still = $state(localStorage.getItem(STILL) === 'yes');

  /** Whether the guide was looked at, or put away unread. */
  guided = $state(localStorage.getItem(GUIDE) === 'seen');

  setGuided(): void {
    this.guided = true;
    localStorage.setItem(GUIDE, 'seen');
  }

  setVolume(volume: number): void {
    this.volume = volume;
    localStorage.setItem(VOLUME, String(volume));
  }

  setHand(hand: Hand): void {
    this.hand = hand;
    localStorage.setItem(HAND, hand);
    this.apply();
  }

  setMapApp(app: MapApp): void {
    this.mapApp = app;
    localStorage.setItem(MAP, app);
  }

  setStill(still: boolean): void {
    this.still = still;
    localStorage.setItem(STILL, still ? 'yes' : 'no');
    this.apply();
  }

  apply(): void {
    document.documentElement.dataset.hand = this.hand;
    document.documentElement.toggleAttribute('data-still', this.still);
  }
}

export const settings = new Settings();
