import { text } from "../../i18n";
import { may } from "../../state/permissions";
import { go, hashOf } from "../../state/route";
import { me } from "../../state/session";
import { Button, Empty } from "../../ui/parts";

/** A box without cameras: the two ways to the first one, for those who may add it. */
export function FirstCamera() {
  const t = text.value.live;
  if (!may(me.value?.role, "editCameras")) return <Empty title={t.firstTitle}>{t.firstBodyViewer}</Empty>;
  return (
    <Empty
      title={t.firstTitle}
      action={
        <div class="ways">
          <Button kind="primary" icon="search" onClick={() => go(hashOf("cameras", null, { search: "1" }))}>
            {text.value.search.open}
          </Button>
          <Button icon="plus" onClick={() => go(hashOf("cameras", null, { add: "1" }))}>
            {t.firstAction}
          </Button>
        </div>
      }
    >
      {t.firstBody}
    </Empty>
  );
}
