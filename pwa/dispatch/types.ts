/** What the desk reads from the server's doors, as the server's own schemas say it. Times are ms since epoch UTC, money is fen.
 *
 * Personal data in all of it is masked by the server: the desk never holds the clear values of what it lists.
 */
import type { components } from '../api/schema';

type Served = components['schemas'];

export type SessionUser = Served['SessionUser'];
export type SessionAnswer = Served['Session'];
export type Person = Served['Person'];
export type SummaryAnswer = Served['Summary'];
export type CourierRow = Served['Courier'];
export type CouriersAnswer = Served['Couriers'];
export type TaskRow = Served['BoardTask'];
export type TaskStatus = TaskRow['status'];
export type TaskKind = TaskRow['kind'];
export type TasksAnswer = Served['Tasks'];
/** A task as far as acting on it needs: what the list of all that match says of each. */
export type TaskId = Served['TaskLine'];
export type TaskIdsAnswer = Served['TaskLines'];
export type MapStop = Served['MapStop'];
export type MapAnswer = Served['Map'];
export type SavedFilter = Served['SavedFilter'];

export type CustomerRequest = Served['ShownRequest'];
export type Proof = Served['EvidenceFile'];
export type TimelineEntry = Served['TimelineEntry'];
export type TaskDetail = Served['TaskDetail'];

export type Outcome = Served['Decision']['outcome'];

export type DeviceRow = Served['Device'];
export type EnrolmentCode = Served['Code'];
export type Released = Served['Released'];

export type ResultStatus = 'applied' | 'merged' | 'conflict' | 'deferred' | 'quarantined';
export type OperationResult = Served['Result'];
