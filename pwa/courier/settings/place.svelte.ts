/** Whether this browser was told to give the app no place. The work goes on without one, and screens that speak of evidence say so. */
class Place {
  refused = $state(false);
  #asked = false;

  /** Asks the browser once, and hears of every change of mind. One that cannot be asked says nothing. */
  async watch(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    const permission = await navigator.permissions?.query({ name: 'geolocation' }).catch(() => null);
    if (!permission) return;
    const look = (): void => void (this.refused = permission.state === 'denied');
    permission.addEventListener('change', look);
    look();
  }
}

export const place = new Place();
