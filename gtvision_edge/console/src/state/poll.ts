/**
 * Call *job* now and then every *everyMs* after it ended, until the returned function is called.
 *
 * One call at a time. A page that becomes visible again asks at once. A failing job is asked again; its
 * errors are for the link banner and the pages to show.
 */
export function poll(job: () => Promise<void>, everyMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  let isRunning = false;

  async function round(): Promise<void> {
    if (isRunning || isStopped) return;
    isRunning = true;
    clearTimeout(timer);
    try {
      await job();
    } catch {
      // The next round tries again.
    } finally {
      isRunning = false;
      if (!isStopped) timer = setTimeout(() => void round(), everyMs);
    }
  }

  const onVisible = (): void => {
    if (!document.hidden) void round();
  };
  document.addEventListener("visibilitychange", onVisible);
  void round();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  };
}
