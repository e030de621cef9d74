/** What a scanned code is, said at once and without a network: from the own list, then from the station manifest (P24). */
import { derive, normalWaybill, sha256Hex } from '../../sync/ts/canonical';
import type { Context } from './context';
import { currentManifest, MANIFEST_STALE_MS } from './manifest';
import { look } from './memory';
import type { Picture } from './picture';
import { clockWrong } from './status';
import type { ScanVerdict, TaskView, VerdictView } from './types';

const RECALLED = 1;
const CLOSED = 2;

export async function verdict(ctx: Context, code: string): Promise<VerdictView> {
  const waybill = normalWaybill(code);
  const entity = `parcel:${derive('parcel', waybill)}`;
  const { meta, picture } = await look(ctx);
  const task = ownTask(picture, waybill);
  const manifest = await currentManifest(ctx, meta.manifest_asked);
  // The list bears the server's time: a clock a year fast would make it too old to be believed.
  const now = ctx.platform.now() + clockWrong(meta.server?.ahead);
  const age = manifest ? Math.max(0, now - manifest.publishedAt) : null;
  const fresh = age !== null && age <= MANIFEST_STALE_MS;
  const entry = fresh ? manifest?.entries.get(sha256Hex(waybill).slice(0, 16)) : undefined;
  const flags = entry?.flags ?? 0;
  const listed = task && !task.removed ? task : null;
  const said = listed
    ? ofOwnTask(listed, flags, ctx.identity?.user.id ?? '')
    : ofOthers(task, entry !== undefined, flags);
  return {
    verdict: said,
    waybill,
    entity,
    manifest_age_ms: age,
    ...(listed ? { task: listed } : {}),
    ...(said === 'other_route' && entry ? { route: entry.route } : {}),
  };
}

/** The task of this waybill on our list: one still open before one that is done, a listed one before one taken away. */
function ownTask({ views: all }: Picture, waybill: string): TaskView | null {
  const views = ['delivery', 'pickup'].flatMap((kind) => all.get(`task:${derive('task', kind, waybill)}`) ?? []);
  const rank = (view: TaskView): number => (view.removed ? 2 : 0) + (isSigned(view) ? 1 : 0);
  return views.sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

function ofOwnTask(view: TaskView, flags: number, me: string): ScanVerdict {
  if (isSigned(view)) return 'signed';
  if (view.task.cancelled !== null || (flags & RECALLED) !== 0) return 'recalled';
  // While loading, a second scan of the same parcel is a slip; at the door it is how the task is opened.
  const loading = view.task.kind === 'delivery' && ['created', 'assigned'].includes(view.task.status);
  return loading && view.parcel.last_scan?.author === me ? 'duplicate' : 'mine';
}

function ofOthers(removed: TaskView | null, known: boolean, flags: number): ScanVerdict {
  if ((flags & RECALLED) !== 0 || removed?.removed?.reason === 'cancelled_removed') return 'recalled';
  if ((flags & CLOSED) !== 0) return 'signed';
  return known || removed?.removed?.reason === 'reassigned' ? 'other_route' : 'unknown';
}

function isSigned(view: TaskView): boolean {
  return view.task.status === 'delivered' || view.task.status === 'picked_up';
}
