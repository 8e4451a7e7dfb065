import { useEffect, useState } from "preact/hooks";
import type { OnFull, Policies } from "../../../api/evidence";
import { text } from "../../../i18n";
import { dateTimeOf } from "../../../i18n/format";
import { client } from "../../../state/session";
import { zone } from "../../../state/site";
import { Button } from "../../../ui/parts";
import { OnFullDrawer } from "./OnFullDrawer";

/** What is to happen when only kept footage is left on a full disk; nothing where that is not known. */
export function OnFullLine({ mayEdit }: { mayEdit: boolean }) {
  const t = text.value.purging;
  const [rule, setRule] = useState<OnFull | null>(null);
  const [isEditing, setEditing] = useState(false);
  useEffect(() => {
    client
      .get<Policies>("/storage/policies")
      .then((policies) => setRule(policies.on_full))
      .catch(() => {});
  }, []);
  if (rule === null) return null;
  return (
    <div class="on-full" data-on-full={rule.action}>
      <h2>{t.onFull}</h2>
      <p>
        {t.onFullWords[rule.action]}
        {rule.at !== null && <small class="muted block">{[rule.reason, t.onFullBy(rule.by, dateTimeOf(rule.at, zone.value))].filter(Boolean).join(" · ")}</small>}
      </p>
      {mayEdit && (
        <Button label={`${t.change}: ${t.onFull}`} onClick={() => setEditing(true)}>
          {t.change}
        </Button>
      )}
      {isEditing && (
        <OnFullDrawer
          rule={rule}
          onClose={() => setEditing(false)}
          onSaved={(saved) => {
            setRule(saved);
            setEditing(false);
          }}
        />
      )}
    </div>
  );
}
