/** The socket of the desk. Its library is loaded after the first view stands, and only here. */
import type { SocketEvents } from './line';
import type { Look } from './model';

/** Longest wait for a connection, ms. */
const PATIENCE = 5_000;

export async function connect(events: SocketEvents): Promise<() => void> {
  const { io } = await import('socket.io-client');
  // Reconnecting is the line's business: it knows what was missed and spreads the tries.
  const socket = io('/live', { path: '/socket.io', transports: ['websocket'], reconnection: false, timeout: PATIENCE });
  socket.on('look', (look: Look) => events.look(look));
  socket.on('beat', (beat: { position: number }) => events.beat(beat.position));
  const hangUp = () => {
    socket.removeAllListeners();
    socket.disconnect();
  };
  return new Promise((resolve, reject) => {
    socket.on('connect', () => {
      socket.on('disconnect', () => {
        hangUp();
        events.down();
      });
      resolve(hangUp);
    });
    socket.on('connect_error', (error) => {
      hangUp();
      reject(error);
    });
  });
}
