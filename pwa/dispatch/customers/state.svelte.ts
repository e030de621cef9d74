/** What the customers' screens know right now. Screens read it; only the actions write it. */
import type { Reading } from '../desk/state.svelte';
import type { AuditAnswer, Clear, Customer, CustomersAnswer, Proposal, TimelinePage } from './types';

/** A list that grows page by page under one question. */
export interface Listing {
  /** The question it answers: text and tier. */
  key: string;
  answer: CustomersAnswer | null;
  error: string | null;
}

class Crm {
  list = $state.raw<Listing>({ key: '', answer: null, error: null });
  /** More of the list is on its way. */
  growing = $state(false);
  proposals = $state.raw<Reading<Proposal[]>>({ id: '', value: null, error: null });
  customer = $state.raw<Reading<Customer>>({ id: '', value: null, error: null });
  timeline = $state.raw<Reading<TimelinePage>>({ id: '', value: null, error: null });
  audit = $state.raw<Reading<AuditAnswer>>({ id: '', value: null, error: null });
  /** What was revealed of the customer on the screen; forgotten with him. */
  clear = $state.raw<{ id: string; values: Clear; left: number | null }>({ id: '', values: {}, left: null });
  /** Proposals with a decision on its way. */
  deciding = $state.raw<ReadonlySet<string>>(new Set());
  /** Row the keys move over in the queue of proposals. */
  cursor = $state(0);

  /** Nothing of one customer stays for the next. */
  forget(id: string): void {
    if (this.clear.id !== id) this.clear = { id, values: {}, left: null };
  }
}

export const crm = new Crm();
