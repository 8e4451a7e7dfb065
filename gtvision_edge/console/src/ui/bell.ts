let audio: AudioContext | null = null;

/** Two short tones. A browser that allows none, for nobody clicked on the page yet, stays silent. */
export function playBell(): void {
  try {
    audio ??= new AudioContext();
    void audio.resume();
    const now = audio.currentTime;
    for (const [at, pitch] of [
      [0, 880],
      [0.22, 1175],
    ] as const) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, now + at);
      volume.gain.exponentialRampToValueAtTime(0.25, now + at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, now + at + 0.2);
      tone.connect(volume).connect(audio.destination);
      tone.start(now + at);
      tone.stop(now + at + 0.21);
    }
  } catch {
    // Without sound the alert is still in sight.
  }
}
