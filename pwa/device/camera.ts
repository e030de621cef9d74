/** The camera as the scan screen has it: it runs or says why not, it hands over pictures, and it has a lamp or has none. */

/** `refused` by a person or the system, `busy` with another app, `insecure`: the page did not come over https. */
export type CameraTrouble = 'refused' | 'absent' | 'busy' | 'insecure' | 'failed';

export class CameraError extends Error {
  constructor(readonly trouble: CameraTrouble) {
    super(trouble);
  }
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What phones know of a lamp and of focusing; the DOM's types do not. */
type Knows = MediaTrackCapabilities & { torch?: boolean; focusMode?: string[] };
type Wishes = MediaTrackConstraints & { advanced: { torch?: boolean; focusMode?: string }[] };

/** More pixels make a picture slower to read and no code easier. */
const LARGEST = 1_280;

export function troubleOf(error: unknown, secure: boolean): CameraTrouble {
  if (!secure) return 'insecure';
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'absent';
  return name === 'NotReadableError' || name === 'AbortError' ? 'busy' : 'failed';
}

/**
 * The part of the picture that a box of the element shows, where the element shows its middle (`object-fit: cover`). All in pixels:
 * the picture's, the element's.
 */
export function seenIn(box: Box, element: Pick<Box, 'width' | 'height'>, picture: Pick<Box, 'width' | 'height'>): Box {
  const scale = Math.max(element.width / picture.width, element.height / picture.height) || 1;
  const left = (picture.width - element.width / scale) / 2;
  const top = (picture.height - element.height / scale) / 2;
  const x = Math.max(0, left + box.x / scale);
  const y = Math.max(0, top + box.y / scale);
  const width = Math.min(picture.width - x, box.width / scale);
  const height = Math.min(picture.height - y, box.height / scale);
  return { x: Math.floor(x), y: Math.floor(y), width: Math.floor(width), height: Math.floor(height) };
}

export class Camera {
  readonly #stream: MediaStream;

  private constructor(
    readonly video: HTMLVideoElement,
    stream: MediaStream,
    onEnd: () => void,
  ) {
    this.#stream = stream;
    // Another app took it, or somebody drew back the permission.
    this.#track?.addEventListener('ended', onEnd);
  }

  /** Throws CameraError. `onEnd` is called when the picture ends without our doing. */
  static async open(video: HTMLVideoElement, onEnd: () => void): Promise<Camera> {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } },
      });
      const camera = new Camera(video, stream, onEnd);
      video.srcObject = stream;
      await video.play();
      await camera.#wish({ focusMode: 'continuous' });
      return camera;
    } catch (error) {
      throw new CameraError(troubleOf(error, window.isSecureContext));
    }
  }

  get #track(): MediaStreamTrack | undefined {
    return this.#stream.getVideoTracks()[0];
  }

  get hasTorch(): boolean {
    return (this.#track?.getCapabilities?.() as Knows | undefined)?.torch === true;
  }

  /** Answers whether the lamp did it. */
  async torch(on: boolean): Promise<boolean> {
    return this.hasTorch && (await this.#wish({ torch: on }));
  }

  /** What `box` of the element shows right now; null before the first picture. */
  async picture(box: Box): Promise<{ image: ImageBitmap; part: Box; scale: number } | null> {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.video;
    if (videoWidth === 0 || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const part = seenIn(box, { width: clientWidth, height: clientHeight }, { width: videoWidth, height: videoHeight });
    if (part.width < 1 || part.height < 1) return null;
    const scale = Math.min(1, LARGEST / Math.max(part.width, part.height));
    const resizeWidth = Math.max(1, Math.round(part.width * scale));
    const image = await createImageBitmap(this.video, part.x, part.y, part.width, part.height, { resizeWidth });
    return { image, part, scale };
  }

  /** Resolves with the next picture, at the latest after a tenth of a second: a page that is not drawn has no pictures. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const asked = this.video.requestVideoFrameCallback?.(() => {
        clearTimeout(timer);
        resolve();
      });
      const timer = setTimeout(() => {
        if (asked !== undefined) this.video.cancelVideoFrameCallback(asked);
        resolve();
      }, 100);
    });
  }

  stop(): void {
    for (const track of this.#stream.getTracks()) track.stop();
    this.video.srcObject = null;
  }

  async #wish(wish: Wishes['advanced'][number]): Promise<boolean> {
    try {
      await this.#track?.applyConstraints({ advanced: [wish] } as MediaTrackConstraints);
      return true;
    } catch {
      // A phone that cannot do it scans all the same.
      return false;
    }
  }
}
