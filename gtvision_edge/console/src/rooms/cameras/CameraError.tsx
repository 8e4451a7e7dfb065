import { Problem } from "../../api/problem";
import type { Vendor } from "../../api/types";
import { text } from "../../i18n";
import { ErrorNote } from "../../ui/parts";

/** A failed check. Where the whole address is typed there is no channel, so its cures speak of the address. */
export function CameraError({ error, vendor }: { error: unknown; vendor: Vendor | undefined }) {
  const cure = vendor?.needs_url && error instanceof Problem ? text.value.wizard.typedUrlCures[error.code] : undefined;
  return <ErrorNote error={error} cure={cure} />;
}
