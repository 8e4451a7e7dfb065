import { text } from "../../i18n";
import { chooseSound, isSoundOn } from "../../state/alerts";
import { Button } from "../../ui/parts";

/** Off until somebody wants it; pressing it plays the sound once, so that it is known to work. */
export function SoundSwitch() {
  const t = text.value.plates.alerts;
  return (
    <span title={t.soundHint}>
      <Button kind="ghost" icon={isSoundOn.value ? "sound" : "mute"} pressed={isSoundOn.value} onClick={() => chooseSound(!isSoundOn.value)}>
        {isSoundOn.value ? t.soundOn : t.soundOff}
      </Button>
    </span>
  );
}
