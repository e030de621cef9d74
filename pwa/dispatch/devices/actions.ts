/** Enrolment codes, the end of a login, revocation, and the way back for what a revoked handheld had handed in. */
import type { Tools } from '../context';
import type { EnrolmentCode, Released } from '../types';

const path = (device: string, rest: string): string => `/api/v1/devices/${encodeURIComponent(device)}/${rest}`;

export function makeCode(tools: Tools, courier: string): Promise<EnrolmentCode> {
  return tools.door.send<EnrolmentCode>('POST', '/api/v1/devices/codes', { courier });
}

/** Ends the login on a handheld: it goes on sending and is told nothing until a code logs somebody in. */
export async function endLogin(tools: Tools, device: string): Promise<void> {
  await tools.door.send('DELETE', path(device, 'login'), {});
  tools.look();
}

export async function revoke(tools: Tools, device: string): Promise<void> {
  await tools.door.send('POST', path(device, 'revoke'), {});
  tools.look();
}

/** Lets count what it had handed in, a part after the other until nothing is left; `told` hears of each part. */
export async function release(
  tools: Tools,
  device: string,
  reason: string,
  told: (sofar: Pick<Released, 'released' | 'refused'>) => void,
): Promise<void> {
  const sum = { released: 0, refused: 0 };
  try {
    for (let left = 1; left > 0;) {
      const part = await tools.door.send<Released>('POST', path(device, 'release'), { reason });
      sum.released += part.released;
      sum.refused += part.refused;
      told({ ...sum });
      left = part.released + part.refused > 0 ? part.left : 0;
    }
  } finally {
    tools.look();
  }
}
