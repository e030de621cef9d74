/** The stops of the day as places: what is drawn, what has no place, and which way the route goes. Pure. */
import { isLeft, isProblem } from '../task';
import type { TaskView } from '../../engine';
import { grouped, type RouteStop } from '../order/model';

export type PlaceState = 'next' | 'left' | 'done' | 'problem';

export interface Place extends RouteStop {
  /** Degrees, as the order says them; taken for WGS-84. */
  lat: number;
  lng: number;
  state: PlaceState;
  /** The number on the parcels, where there is one. */
  label: string;
}

export interface Sheet {
  places: Place[];
  /** Stops whose order says no coordinates. */
  nowhere: RouteStop[];
}

const E7 = 1e7;

export function sheetOf(tasks: readonly TaskView[]): Sheet {
  const stops = grouped(tasks);
  const first = stops.find((stop) => stop.tasks.some(isLeft));
  const places: Place[] = [];
  const nowhere: RouteStop[] = [];
  for (const stop of stops) {
    const address = stop.tasks.map((view) => view.task.address).find((one) => one.lat_e7 !== null);
    if (!address || address.lat_e7 === null || address.lng_e7 === null) {
      if (stop.tasks.some(isLeft)) nowhere.push(stop);
      continue;
    }
    const state = stop === first ? 'next' : stateOf(stop);
    places.push({ ...stop, lat: address.lat_e7 / E7, lng: address.lng_e7 / E7, state, label: labelOf(stop) });
  }
  return { places, nowhere };
}

/** Where the route goes on from here: the places with work left, in order. */
export function wayOf(places: readonly Place[]): [number, number][] {
  return places.filter(({ state }) => state === 'next' || state === 'left').map(({ lat, lng }) => [lat, lng]);
}

export function labelOf(stop: RouteStop): string {
  const numbers = stop.tasks.map((view) => view.task.sequence).filter((one) => one !== null);
  return numbers.length ? String(Math.min(...numbers)) : '–';
}

function stateOf(stop: RouteStop): PlaceState {
  if (stop.tasks.some(isLeft)) return 'left';
  return stop.tasks.some(isProblem) ? 'problem' : 'done';
}
