/** Coming in and going out. */
import { language } from '../../ui/i18n.svelte';
import { resume } from '../bulk/actions';
import type { Tools } from '../context';
import { forgetAnswers } from '../desk/actions';
import { asDoorError } from '../door';
import type { SessionAnswer } from '../types';
import { lacks, mayUseDesk, troubleOf, type LoginTrouble } from './model';

const SESSION = '/api/v1/session';

function enter(tools: Tools, answer: SessionAnswer): void {
  const { desk, door } = tools;
  if (desk.user !== null && desk.user.id !== answer.user.id) {
    desk.forget();
    forgetAnswers();
  }
  door.csrf = answer.csrf_token;
  desk.user = answer.user;
  desk.session = 'in';
  if (!language.chosen && answer.user.lang !== null) language.set(answer.user.lang, false);
  resume(tools);
}

/** Time to the next try when nobody answered at the start, ms. */
const AGAIN = 3_000;

/** Is there a session from before? Not being reached is no answer: say so and ask again, never "log in". */
export async function begin(tools: Tools): Promise<void> {
  try {
    const answer = await tools.door.get<SessionAnswer>(SESSION);
    if (mayUseDesk(answer.user.role)) enter(tools, answer);
    else tools.desk.session = 'none';
  } catch (error) {
    if (asDoorError(error).passing) {
      tools.desk.session = 'unreached';
      tools.after(AGAIN, () => void begin(tools));
    } else {
      tools.desk.session = 'none';
    }
  }
}

export async function logIn(tools: Tools, username: string, password: string): Promise<LoginTrouble | null> {
  const missing = lacks(username, password);
  if (missing !== null) return missing;
  try {
    const answer = await tools.door.send<SessionAnswer>('POST', SESSION, { username: username.trim(), password });
    if (!mayUseDesk(answer.user.role)) {
      tools.door.csrf = answer.csrf_token;
      await tools.door.send('DELETE', SESSION);
      return { kind: 'not_desk' };
    }
    enter(tools, answer);
    return null;
  } catch (error) {
    return troubleOf(asDoorError(error));
  }
}

export async function logOut(tools: Tools): Promise<void> {
  try {
    await tools.door.send('DELETE', SESSION);
  } catch (error) {
    // Already out is out; anything else leaves the session as it is, and the person sees that nothing happened.
    if (asDoorError(error).status !== 401) throw error;
  }
  tools.door.csrf = null;
  tools.desk.forget();
  forgetAnswers();
  tools.desk.session = 'none';
}

/** A fresh CSRF token for a session that is still good. */
export async function refreshToken(tools: Tools): Promise<void> {
  const answer = await tools.door.get<SessionAnswer>(SESSION);
  tools.door.csrf = answer.csrf_token;
}
