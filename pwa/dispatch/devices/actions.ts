/** Enrolment codes and revocation. */
import type { Tools } from '../context';
import type { EnrolmentCode } from '../types';

export function makeCode(tools: Tools, courier: string): Promise<EnrolmentCode> {
  return tools.door.send<EnrolmentCode>('POST', '/api/v1/devices/codes', { courier });
}

export async function revoke(tools: Tools, device: string): Promise<void> {
  await tools.door.send('POST', `/api/v1/devices/${encodeURIComponent(device)}/revoke`, {});
  tools.look();
}
