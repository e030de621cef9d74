/** One form's way to the server: what was typed stays until it is saved, and another try is the same operation. */
import type { Tools } from '../context';
import { asDoorError } from '../door';
import type { Operation } from '../operations';
import { hand } from './actions';
import { t, word } from './words';

export type Outcome = 'saved' | 'merged' | 'conflict' | 'failed';

const NEW_IDS = ['request', 'consent'];

export class Saving {
  busy = $state(false);
  /** What went wrong, or what came of it, as one sentence; '' = nothing to say. */
  said = $state('');
  tone = $state<'good' | 'warn' | 'bad'>('good');
  /** The case that was opened, '' = none. */
  conflict = $state('');
  private made: { typed: string; operation: Operation } | null = null;

  /** `fields`: what the writer changed, to name it when somebody else changed the same. */
  async run(tools: Tools, make: () => Operation, fields: readonly string[]): Promise<Outcome> {
    if (this.busy) return 'failed';
    const operation = this.same(make());
    this.tell('', 'good');
    this.busy = true;
    try {
      const result = await hand(tools, operation);
      this.made = null;
      if (result.status === 'conflict') {
        const names = fields.map((field) => word('field', field)).join(t('weekday.join'));
        this.tell(t('form.conflict', { fields: names }), 'warn');
        this.conflict = result.conflict ?? '';
        return 'conflict';
      }
      if (result.status === 'quarantined' || result.status === 'deferred') {
        this.tell(t('form.refused', { detail: result.detail ?? result.code ?? '' }), 'bad');
        return 'failed';
      }
      this.tell(t(result.status === 'merged' ? 'form.merged' : 'form.saved'), 'good');
      return result.status === 'merged' ? 'merged' : 'saved';
    } catch (failure) {
      const error = asDoorError(failure);
      const sentence = error.status === 0 ? t('form.offline') : t('form.server', { code: error.code });
      this.tell(error.status === 401 ? t('form.ended') : sentence, 'bad');
      return 'failed';
    } finally {
      this.busy = false;
    }
  }

  tell(said: string, tone: 'good' | 'warn' | 'bad'): void {
    this.said = said;
    this.tone = tone;
    this.conflict = '';
  }

  /** An answer that was lost does not make a second operation of the same words. */
  private same(fresh: Operation): Operation {
    const { payload, base } = fresh;
    const known = Object.keys(base).length > 0;
    // The id of a new request or consent is drawn anew each time; of a known request it says which one.
    const told = Object.entries(payload).filter(([name]) => known || !NEW_IDS.includes(name));
    const typed = JSON.stringify([fresh.type, fresh.entity, base, told]);
    if (this.made?.typed === typed) return this.made.operation;
    this.made = { typed, operation: fresh };
    return fresh;
  }
}
