import { text } from "../../i18n";
import { chooseSound, isSoundOn } from "../../state/alerts";
import { Button } from "../../ui/parts";

/** Off until somebody wants it; pressing it plays the sound once, so that it is known to work. */
export function SoundSwitch({ isShort = false }: { isShort?: boolean }) {
  const t = text.value.plates.alerts;
  const words = isSoundOn.value ? t.soundOn : t.soundOff;
  const change = (): void => chooseSound(!isSoundOn.value);
  if (isShort) return <Button kind="ghost" icon={isSoundOn.value ? "sound" : "mute"} pressed={isSoundOn.value} label={words} onClick={change} />;
  return (
    <span title={t.soundHint}>
      <Button kind="ghost" icon={isSoundOn.value ? "sound" : "mute"} pressed={isSoundOn.value} onClick={change}>
        {words}
      </Button>
    </span>
  );
}
