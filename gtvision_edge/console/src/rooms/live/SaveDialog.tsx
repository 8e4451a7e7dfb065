import { useState } from "preact/hooks";
import { text } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { Button, ErrorNote, Field } from "../../ui/parts";

interface SaveDialogProps {
  title: string;
  initial: string;
  onSave: (name: string) => Promise<void>;
  onClose: () => void;
}

export function SaveDialog({ title, initial, onSave, onClose }: SaveDialogProps) {
  const t = text.value;
  const [name, setName] = useState(initial);
  const [error, setError] = useState<unknown>(null);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setError(null);
    try {
      await onSave(name.trim());
    } catch (failure) {
      setError(failure);
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          <Field label={t.live.nameLabel} hint={t.live.nameHint}>
            {(ids) => <input {...ids} autofocus required maxLength={80} value={name} onInput={(event) => setName(event.currentTarget.value)} />}
          </Field>
          <ErrorNote error={error} />
        </div>
        <footer>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button type="submit" kind="primary">
            {t.common.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
