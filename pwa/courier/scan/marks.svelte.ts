/** What this phone's scanner sends before and after a code. Kept on the phone: the next phone has another scanner. */
import { NO_MARKS, type Marks } from '../../device/wedge';

const KEY = 'doorstep.wedge';
const LONGEST = 8;

function stored(): Marks {
  try {
    const { prefix, suffix } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Marks>;
    return { prefix: String(prefix ?? ''), suffix: String(suffix ?? '') };
  } catch {
    return NO_MARKS;
  }
}

class WedgeMarks {
  current = $state.raw<Marks>(stored());

  set(marks: Marks): void {
    this.current = { prefix: marks.prefix.slice(0, LONGEST), suffix: marks.suffix.slice(0, LONGEST) };
    localStorage.setItem(KEY, JSON.stringify(this.current));
  }
}

export const marks = new WedgeMarks();
