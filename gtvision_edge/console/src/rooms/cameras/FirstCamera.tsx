import { text } from "../../i18n";
import { may } from "../../state/permissions";
import { go, hashOf } from "../../state/route";
import { me } from "../../state/session";
import { Button, Empty } from "../../ui/parts";

/** A box without cameras: what to do first. */
export function FirstCamera() {
  const t = text.value.live;
  if (!may(me.value?.role, "editCameras")) return <Empty title={t.firstTitle}>{t.firstBodyViewer}</Empty>;
  return (
    <Empty title={t.firstTitle} action={<FirstWays />}>
      {t.firstBody}
    </Empty>
  );
}

/** The two ways to the first camera; nothing for those who may not go them. */
export function FirstWays() {
  if (!may(me.value?.role, "editCameras")) return null;
  return (
    <div class="ways">
      <Button kind="primary" icon="search" onClick={() => go(hashOf("cameras", null, { search: "1" }))}>
        {text.value.search.open}
      </Button>
      <Button icon="plus" onClick={() => go(hashOf("cameras", null, { add: "1" }))}>
        {text.value.live.firstAction}
      </Button>
    </div>
  );
}
