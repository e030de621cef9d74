/** A place where dragged rows may be dropped: they go to its courier. */
import { dropOn } from '../bulk/actions';
import type { Tools } from '../context';
import { mayDispatch } from '../login/model';

export interface DropTarget {
  ondragover(event: DragEvent): void;
  ondragleave(): void;
  ondrop(event: DragEvent): void;
}

/** `over` is told whether rows hang over the place right now. */
export function dropTarget(tools: Tools, courier: () => string, over: (is: boolean) => void): DropTarget {
  const { desk } = tools;
  const may = () => desk.dragged.length > 0 && mayDispatch(desk.user?.role ?? '');
  return {
    ondragover(event) {
      if (!may()) return;
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'move';
      over(true);
    },
    ondragleave: () => over(false),
    ondrop(event) {
      over(false);
      if (!may()) return;
      event.preventDefault();
      const tasks = desk.dragged;
      desk.dragged = [];
      void dropOn(tools, courier(), tasks).catch(tools.look);
    },
  };
}
