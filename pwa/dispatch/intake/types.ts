/** What the order screens read from the server, as its own schemas say it. */
import type { components } from '../../api/schema';

type Served = components['schemas'];

export type OrderFile = Served['OrderFileSeen'];
export type Tried = Served['Tried'];
export type ImportState = Served['ImportState'];
export type ImportsAnswer = Served['Imports'];
export type Begun = Served['Begun'];
export type RowTrouble = Served['RowTrouble'];

/** How one field is read, as a mapping document says it. */
export interface Rule {
  column?: string | string[];
  template?: string;
  constant?: string;
  formats?: string[];
  unit?: string;
  words?: Record<string, string>;
  optional?: boolean;
}
