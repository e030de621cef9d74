import { RescueError, type CarriedView, type RescueFile, type SealedLog } from '../../engine';
import { dayKey } from '../../ui/format';
import { toasts } from '../../ui/toast.svelte';
import { play } from '../../device/sound';
import { keyed, t } from '../road/text';
import { session } from '../session.svelte';
import { settings } from '../settings.svelte';
import { fileText, fromFile } from './model';

/** Shared where the phone can, else saved: the file is the same. Answers false when the courier changed his mind. */
export async function hand(file: RescueFile): Promise<boolean> {
  const name = `doorstep-${session.identity?.user.name ?? ''}-${dayKey(session.now, session.zone)}.json`;
  const made = new File([fileText(file)], name, { type: 'application/json' });
  if (navigator.canShare?.({ files: [made] })) {
    try {
      await navigator.share({ files: [made], title: name });
      return true;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return false;
    }
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(made);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return true;
}

export async function takeFile(file: File): Promise<boolean> {
  const read = fromFile(await file.text());
  return take(read ?? { packages: [], proofs: [] }, read === null);
}

export function takeLogs(packages: SealedLog[]): Promise<boolean> {
  return take({ packages, proofs: [] });
}

async function take(file: Omit<RescueFile, 'operations'>, unreadable = false): Promise<boolean> {
  try {
    if (unreadable) throw new RescueError('unreadable');
    await session.engine.carry(file);
    play('saved', settings.volume);
    toasts.show({ text: () => t('rescue.took'), detail: () => t('rescue.took.detail') });
    return true;
  } catch (error) {
    const code = error instanceof RescueError ? error.code : 'unknown';
    play('problem', settings.volume);
    toasts.show({
      tone: 'bad',
      text: () => t('rescue.notTaken'),
      detail: () => t(keyed('rescue.error', code, 'rescue.error.unknown')),
    });
    return false;
  }
}

export function carried(): Promise<CarriedView[]> {
  return session.engine.carried();
}
