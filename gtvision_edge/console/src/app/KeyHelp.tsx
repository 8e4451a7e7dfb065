import { text } from "../i18n";
import { route } from "../state/route";
import { Dialog } from "../ui/Dialog";

export function KeyHelp({ onClose }: { onClose: () => void }) {
  const t = text.value.keys;
  const here = text.value.investigate.keys;
  const plates = text.value.plates.keys;
  const investigating: [string[], string][] = [
    [["␣"], here.play],
    [["←", "→"], here.ten],
    [["↑", "↓"], here.one],
    [[",", "."], here.frame],
    [["-", "+"], here.speed],
    [["[", "]"], here.marks],
    [["N", "P"], text.value.readingMarks.key],
    [["⇧N", "⇧P"], here.gap],
    [["1", "…", "4"], t.select],
    [["G"], here.goTo],
    [["S"], here.capture],
    [["I"], here.hold],
    [["E"], here.export],
    [["Y"], here.inStep],
    [["L"], here.live],
    [["A"], plates.acknowledge],
    [["Z"], plates.undo],
    [["F"], t.full],
    [["Esc"], t.up],
    [["?"], t.list],
  ];
  const live: [string[], string][] = [
    [["1", "…", "9"], t.select],
    [["↵"], t.maximise],
    [["←", "↑", "↓", "→"], t.move],
    [["F"], t.full],
    [["C"], t.sequence],
    [["M"], t.sound],
    [["L"], t.review],
    [["R"], plates.readings],
    [["A"], plates.acknowledge],
    [["Z"], plates.undo],
    [["/"], t.find],
    [["Esc"], t.up],
    [["?"], t.list],
  ];
  const reading: [string[], string][] = [
    [["↑", "↓"], plates.move],
    [["↵"], plates.open],
    [["/"], plates.find],
    [["A"], plates.acknowledge],
    [["Z"], plates.undo],
    [["Esc"], t.up],
    [["?"], t.list],
  ];
  const { room } = route.value;
  const keys = room === "investigate" ? investigating : room === "plates" ? reading : live;
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
