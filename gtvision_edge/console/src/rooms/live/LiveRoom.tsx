import "./live.css";
import { useLayoutEffect, useRef } from "preact/hooks";
import { text } from "../../i18n";
import { onKeys } from "../../state/keys";
import { poll } from "../../state/poll";
import { cameras, refreshCameras } from "../../state/site";
import { Unread } from "../../ui/fresh";
import { FirstCamera } from "../cameras/FirstCamera";
import { CameraPanel } from "./CameraPanel";
import { liveKeys, toggleFull } from "./keys";
import { MosaicBar } from "./MosaicBar";
import { MosaicGrid } from "./MosaicGrid";
import { isReadingsOpen } from "./readings";
import { ReadingsPanel } from "./ReadingsPanel";
import { sequenceView, stopSequence } from "./sequence";
import { draft, isPanelOpen, loadMosaics, maximised, mosaics, selectedTile, shown } from "./store";

export function LiveRoom() {
  const room = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const stopPolling = poll(loadMosaics, 15_000);
    const stopKeys = onKeys((key) => liveKeys(key, room.current));
    return () => {
      stopPolling();
      stopKeys();
      stopSequence();
      selectedTile.value = null;
    };
  }, []);
  return (
    <div class="live-room" ref={room}>
      <LiveContent onFull={() => toggleFull(room.current)} />
    </div>
  );
}

function LiveContent({ onFull }: { onFull: () => void }) {
  const mosaic = shown.value;
  if (cameras.value?.length === 0 && draft.value === null) return <FirstCamera />;
  if (mosaic === null || mosaics.value === null || cameras.value === null) {
    return (
      <Unread of={["mosaics", "cameras"]} onRetry={() => void Promise.allSettled([loadMosaics(), refreshCameras()])}>
        <Loading />
      </Unread>
    );
  }
  const sequence = sequenceView();
  const cycled = sequence !== null && "cameras" in sequence ? { ...mosaic, cameras: sequence.cameras } : mosaic;
  const large = sequence !== null && "large" in sequence ? sequence.large : maximised.value;
  return (
    <>
      <MosaicBar onFull={onFull} />
      <div class="live-body">
        <MosaicGrid mosaic={cycled} large={large} isFixed={sequence !== null} />
        {isPanelOpen.value && <CameraPanel />}
        {isReadingsOpen.value && <ReadingsPanel />}
      </div>
    </>
  );
}

/** The right size from the start, so that nothing jumps. */
function Loading() {
  return (
    <>
      <div class="room-bar" />
      <div class="live-body" aria-busy="true" aria-label={text.value.common.loading}>
        <div class="mosaic l2x2">
          {[0, 1, 2, 3].map((at) => (
            <div key={at} class="place">
              <div class="tile skeleton" />
            </div>
          ))}
        </div>
      </div>
    </>
  );
}
