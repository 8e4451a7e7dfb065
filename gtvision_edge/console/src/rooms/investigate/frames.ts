/** Tells which frame of a video element is on display: its place in the media, in seconds. */
export class Frames {
  #handle: number | null = null;
  #isClosed = false;

  /** *onFrame* is called for each frame that comes to the screen, until closed. */
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly onFrame: (mediaS: number) => void,
  ) {
    this.#await();
  }

  /** Whether this browser tells of frames; else the element's own time has to do. */
  static areTold(video: HTMLVideoElement): boolean {
    return "requestVideoFrameCallback" in video;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#handle !== null) this.video.cancelVideoFrameCallback(this.#handle);
  }

  #await(): void {
    if (!Frames.areTold(this.video)) return;
    this.#handle = this.video.requestVideoFrameCallback((_now, about) => {
      if (this.#isClosed) return;
      this.onFrame(about.mediaTime);
      this.#await();
    });
  }
}
