import { text } from "../i18n";
import { Dialog } from "../ui/Dialog";

export function KeyHelp({ onClose }: { onClose: () => void }) {
  const t = text.value.keys;
  const keys: [string[], string][] = [
    [["1", "…", "9"], t.select],
    [["↵"], t.maximise],
    [["←", "↑", "↓", "→"], t.move],
    [["F"], t.full],
    [["C"], t.sequence],
    [["M"], t.sound],
    [["/"], t.find],
    [["Esc"], t.up],
    [["?"], t.list],
  ];
  return (
    <Dialog title={t.title} onClose={onClose}>
      <div class="dialog-body">
        <dl class="keys-list">
          {keys.map(([names, words]) => (
            <>
              <dt>
                {names.map((name) => (
                  <>
                    <kbd key={name}>{name}</kbd>{" "}
                  </>
                ))}
              </dt>
              <dd>{words}</dd>
            </>
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
