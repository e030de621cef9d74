/** Enrolment codes and revocation. */
import type { Tools } from '../context';
import type { EnrolmentCode } from '../types';

export function makeCode(tools: Tools, courier: string): Promise<EnrolmentCode> {
  return tools.door.send<EnrolmentCode>('POST', '/api/v1/devices/codes', { courier });
}

/** Ends the login on a handheld: it goes on sending and is told nothing until a code logs somebody in. */
export async function endLogin(tools: Tools, device: string): Promise<void> {
  await tools.door.send('DELETE', `/api/v1/devices/${encodeURIComponent(device)}/login`, {});
  tools.look();
}

export async function revoke(tools: Tools, device: string): Promise<void> {
  await tools.door.send('POST', `/api/v1/devices/${encodeURIComponent(device)}/revoke`, {});
  tools.look();
}
